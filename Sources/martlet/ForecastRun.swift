import Dispatch
import Foundation
import ScanPolicy
import Synchronization
import UpdateEngine
import Updates

/// Forecasts devices as they are read and writes each at once: a fleet of any size takes the memory of a few thousand devices.
final class ForecastRun {
    enum Form { case table, json, csv }

    private static let batchSize = 2048
    private static let shownInTable = 200
    private static let shownOnPage = 500

    private let options: Forecaster.Options
    private let form: Form
    private let seen: SeenByServer?
    private let workers: [Worker]
    private var batch: [ScanPolicy.DeviceFacts] = []
    private var summary = ForecastSummary()
    private var selection = ForecastSelection(mostOfEach: ForecastRun.shownOnPage)
    private var isBegun = false

    var devices: Int { summary.devices }
    var problems: Int { summary.problems }

    init(options: Forecaster.Options, form: Form, seen: SeenByServer?) {
        self.options = options
        self.form = form
        self.seen = seen
        summary.addressesOnHTTP = seen?.addressesOnHTTP
        let cores = max(1, min(ProcessInfo.processInfo.activeProcessorCount, 8))
        workers = (0..<cores).map { _ in Worker(options, form, mostShown: Self.shownOnPage) }
    }

    func read(_ paths: [String]) throws {
        try PolicyFiles.forEachDevice(at: paths) { device in
            switch device {
            case .read(let reading):
                batch.append(reading.facts)
                for note in reading.notes { Terminal.complain("martlet: \(reading.facts.name): \(note)") }
                if batch.count == Self.batchSize { flush() }
            case .refused(let name, let error):
                summary.refuse(name, "\(error)")
                Terminal.complain("martlet: \(name) is not forecast: \(error)")
            }
        }
        flush()
    }

    /// Forecasts the devices at hand, each worker a run of them, and writes them in their order.
    private func flush() {
        guard !batch.isEmpty else { return }
        let share = (batch.count + workers.count - 1) / workers.count
        let (batch, seen, isFirst, workers) = (batch, seen, !isBegun, workers)
        DispatchQueue.concurrentPerform(iterations: workers.count) { index in
            let part = batch.dropFirst(index * share).prefix(share)
            workers[index].work(part, seen: seen, isFirst: isFirst && index == 0)
        }
        if !isBegun { begin() }
        for worker in workers {
            let done = worker.take()
            summary.add(done.summary)
            selection.add(done.selection)
            if !done.bytes.isEmpty { Terminal.write(done.bytes) }
        }
        self.batch.removeAll(keepingCapacity: true)
    }

    private func begin() {
        isBegun = true
        switch form {
        case .json: Terminal.write(ForecastJSON.head)
        case .csv: Terminal.write(ForecastCSV.head)
        case .table: break
        }
    }

    func finish() throws {
        if form == .table, summary.devices == 0 {
            // Rows of zeros would look like a fleet without trouble.
            return Terminal.complain("martlet: nothing is forecast: none of \(summary.problems) could be read")
        }
        if !isBegun { begin() }
        switch form {
        case .json: Terminal.write(ForecastJSON.tail(summary, options))
        case .csv: break
        case .table: ForecastTable(options: options, summary: summary, selection: selection, mostShown: Self.shownInTable).print()
        }
    }

    func write(_ page: NewPage) throws {
        guard summary.devices > 0 else { return Terminal.complain("martlet: \(page.path) is not written") }
        try page.write(ForecastPage(options, devices: selection).bytes(summary))
    }
}

/// One thread's share. Its lock is never waited for: a worker works on one part at a time, and what it did is taken after that.
private final class Worker: Sendable {
    struct Done {
        var summary = ForecastSummary()
        var selection: ForecastSelection
        var bytes: [UInt8] = []
    }

    private struct State {
        var forecaster: Forecaster
        var done: Done
    }

    private let state: Mutex<State>
    private let options: Forecaster.Options
    private let form: ForecastRun.Form
    private let mostShown: Int

    init(_ options: Forecaster.Options, _ form: ForecastRun.Form, mostShown: Int) {
        self.options = options
        self.form = form
        self.mostShown = mostShown
        state = Mutex(State(forecaster: Forecaster(options), done: Done(selection: ForecastSelection(mostOfEach: mostShown))))
    }

    func work(_ devices: ArraySlice<ScanPolicy.DeviceFacts>, seen: SeenByServer?, isFirst: Bool) {
        state.withLock { state in
            var isFirst = isFirst
            for device in devices {
                let forecast = state.forecaster.forecast(device, observed: seen?.device(named: device.name))
                state.done.summary.add(forecast)
                state.done.selection.add(forecast)
                switch form {
                case .json: state.done.bytes += ForecastJSON.bytes(forecast, asOf: options.asOf, isFirst: isFirst)
                case .csv: state.done.bytes += ForecastCSV.bytes(forecast, asOf: options.asOf)
                case .table: break
                }
                isFirst = false
            }
        }
    }

    func take() -> Done {
        state.withLock { state in
            let done = state.done
            state.done = Done(selection: ForecastSelection(mostOfEach: mostShown))
            return done
        }
    }
}
