extension ForecastPage {
    static let style = """
        :root{--ink:#1d2430;--soft:#5b6472;--line:#d9dde3;--paper:#fff;--tint:#f4f6f8}
        body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:1120px;margin:0 auto;padding:24px 20px 60px}
        h1{font-size:28px;margin:0 0 4px}h2{font-size:20px;margin:36px 0 10px}h3{font-size:16px;margin:22px 0 8px}
        .lead{margin:0 0 12px;color:var(--soft)}.note{background:var(--tint);border-left:4px solid var(--line);padding:8px 12px;margin:8px 0}
        p.note.fails{background:#fbeceb;border-color:#b3372f;color:inherit}
        svg{width:100%;height:auto;display:block}svg .label{font-size:14px;fill:var(--ink)}
        svg .count{font-size:14px;font-weight:600;fill:#fff;text-anchor:middle}
        rect.scans{fill:#2f7d4f}rect.interceptable{fill:#b06f00}rect.fails{fill:#b3372f}rect.does-not-ask{fill:#6d7480}rect.unknown{fill:#6654a8}
        .legend{list-style:none;padding:0;margin:10px 0 18px;display:grid;grid-template-columns:repeat(auto-fit,minmax(320px,1fr));gap:4px 20px}
        .key{display:inline-block;width:12px;height:12px;border-radius:2px;margin-right:8px}
        .key.scans,.chip.scans{background:#2f7d4f}.key.interceptable,.chip.interceptable{background:#b06f00}
        .key.fails,.chip.fails{background:#b3372f}.key.does-not-ask,.chip.does-not-ask{background:#6d7480}
        .key.unknown,.chip.unknown{background:#6654a8}
        .chip{display:inline-block;color:#fff;border-radius:10px;padding:0 8px;font-size:13px;white-space:nowrap}
        table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;vertical-align:top;padding:5px 14px 5px 0}
        th{border-bottom:2px solid var(--line);font-weight:600}td{border-bottom:1px solid var(--line)}
        td{overflow-wrap:anywhere}td.day,th{white-space:nowrap}th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
        small{color:var(--soft)}dl{margin:6px 0}dt{font-weight:600;margin-top:6px}dd{margin:0 0 2px 14px}
        summary{cursor:pointer;color:var(--soft);font-size:13px}
        @media print{details{display:none}.chip,.key,rect{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
        """
}
