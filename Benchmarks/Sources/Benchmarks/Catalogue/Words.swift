/// The vocabulary of the benchmark documents.
enum Words {
    static let things = split(
        """
        access account adapter address agent alert archive array audio audit backup badge balance bank barcode battery beacon block board boot \
        bridge broker browser buffer bus cable cache calendar camera canvas capture card catalog cell channel chart clip clock cluster codec color \
        command compass console contact content control cookie core counter cursor data date deck desktop device dialog digest directory disk \
        display document domain driver duplex edge editor engine entry event exchange export face feed fetch field file filter finder font form \
        frame gallery gate gauge glyph graph grid group guard guide handle health help history host hub icon image import index ink input \
        installer job journal kernel key label language lens library license light link list loader local lock logon loop mail map media memory \
        menu mesh meter mirror mobile mode monitor mouse name network node note object office option packet page panel paper park parser path \
        peer phone photo pilot pixel plane player point policy pool port power print probe profile proxy pulse query queue radio rank reader \
        record region registry relay render report resource ribbon role root route rule runtime sample scale scanner schedule screen script \
        search seat secure sensor server session setting shadow shape share shell shield signal site slice slot socket sound speech spooler \
        stack stage state storage store stream string style surface switch sync system table tablet tag task telemetry template terminal text \
        theme thread tile timer token tone tool touch trace tray trigger trust tunnel type unit update user value vault vector video view voice \
        volume wallet watch wave widget window wire wizard zone
        """)
    static let birds = split(
        """
        Avocet Bittern Bunting Chough Corncrake Crossbill Curlew Dipper Dotterel Dunlin Fieldfare Firecrest Fulmar Gadwall Garganey Goldcrest \
        Goosander Grebe Heron Hobby Hoopoe Jackdaw Kestrel Kittiwake Knot Lapwing Linnet Merlin Nightjar Nuthatch Oriole Osprey Ouzel Petrel \
        Pintail Pipit Plover Pochard Redpoll Redshank Redstart Reeve Sanderling Shoveler Shrike Siskin Skua Smew Snipe Stonechat Swift Teal Tern \
        Treecreeper Turnstone Twite Wagtail Waxwing Wheatear Whimbrel Whinchat Wigeon Wryneck Yellowhammer
        """)
    static let kinds = split("Cumulative Security Quality Feature Definition Language Platform Driver Servicing Dynamic Preview Compatibility")
    static let languages = split("de fr es it nl pt sv da fi pl cs hu tr ru ja ko zh-cn zh-tw")

    private static func split(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
}
