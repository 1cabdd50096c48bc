#!/usr/bin/env python3
"""Writes an offline scan cabinet of the layout of wsusscn2.cab: offline-cabinet.py FILE COUNT [PER-CABINET]

COUNT updates, numbered from 1, of which the first is their product; update N has the GUID 0ff11ce0-0000-4000-8000-N in hexadecimal. Its inner
cabinets are compressed with MSZIP.
"""

import struct
import sys
import zlib

BLOCK = 32768


def checksum(data, seed=0):
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        seed ^= word
    rest = 0
    for byte in data[whole:]:
        rest = rest << 8 | byte
    return seed ^ rest


def cabinet(members, compress=True):
    """One folder: [MS-CAB]."""
    blocks = []
    data = b"".join(content for _, content in members)
    for start in range(0, len(data), BLOCK):
        block = data[start:start + BLOCK]
        packed = block
        if compress:
            packer = zlib.compressobj(6, zlib.DEFLATED, -15)
            packed = b"CK" + packer.compress(block) + packer.flush()
        sizes = struct.pack("<HH", len(packed), len(block))
        # A checksum of nought is none: no need to spend the time on large ones.
        sum_of_block = checksum(sizes, checksum(packed)) if len(data) < 1 << 20 else 0
        blocks.append(struct.pack("<I", sum_of_block) + sizes + packed)
    directory = b""
    offset = 0
    for name, content in members:
        directory += struct.pack("<IIHHHH", len(content), offset, 0, 0x58F2, 0x6000, 0x20) + name.encode() + b"\0"
        offset += len(content)
    body = b"".join(blocks)
    first = 36 + 8 + len(directory)
    header = b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, first + len(body), 0, 44, 0, 3, 1, 1, len(members), 0, 0, 0)
    return header + struct.pack("<IHH", first, len(blocks), 1 if compress else 0) + directory + body


def guid(number):
    return f"0ff11ce0-0000-4000-8000-{number:012x}"


def core(number):
    if number == 1:
        return f'<UpdateIdentity UpdateID="{guid(1)}" RevisionNumber="100" /><Properties UpdateType="Category" />'
    return (
        f'<UpdateIdentity UpdateID="{guid(number)}" RevisionNumber="100" /><Properties UpdateType="Software" ExplicitlyDeployable="true" />'
        f'<Relationships><Prerequisites><AtLeastOne IsCategory="true"><UpdateIdentity UpdateID="{guid(1)}" /></AtLeastOne></Prerequisites>'
        f'</Relationships><ApplicabilityRules><IsInstalled><b.RegSz Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\\Example\\{number}" '
        f'Value="Version" Comparison="EqualTo" Data="1.0.{number}" /></IsInstalled><IsInstallable><True /></IsInstallable></ApplicabilityRules>')


def extended(number):
    return (
        '<ExtendedProperties DefaultPropertiesLanguage="en" MsrcSeverity="Important" MaxDownloadSize="1000" MinDownloadSize="0">'
        f"<KBArticleID>{7000000 + number}</KBArticleID></ExtendedProperties>")


def localized(number):
    title = "Example Offline Product" if number == 1 else f"Offline update {number}"
    return f"<LocalizedProperties><Language>en</Language><Title>{title}</Title></LocalizedProperties>"


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    per_cabinet = int(sys.argv[3]) if len(sys.argv) > 3 else 20000
    category = f'<Categories><Category Type="Product" Id="{guid(1)}" /></Categories>'
    updates = "".join(
        f'<Update CreationDate="2026-05-11T22:42:04Z" DefaultLanguage="en" UpdateId="{guid(number)}" RevisionNumber="100" RevisionId="{number}" '
        f'IsLeaf="true">{category if number > 1 else ""}</Update>' for number in range(1, count + 1))
    package = (
        '<?xml version="1.0" encoding="utf-8"?><OfflineSyncPackage CreationDate="2026-07-14T13:54:06Z" '
        f'xmlns="http://schemas.microsoft.com/msus/2004/02/OfflineSync"><Updates>{updates}</Updates></OfflineSyncPackage>')
    members = [("index.xml", b'<INDEX VERSION="1" />'), ("package.cab", cabinet([("package.xml", package.encode())]))]
    for part, start in enumerate(range(1, count + 1, per_cabinet)):
        numbers = range(start, min(start + per_cabinet, count + 1))
        fragments = [(f"{folder}\\{number}", make(number).encode())
                     for folder, make in (("c", core), ("l\\en", localized), ("x", extended)) for number in numbers]
        members.append((f"package{part + 2}.cab", cabinet(fragments)))
    with open(path, "wb") as out:
        out.write(cabinet(members, compress=False))


if __name__ == "__main__":
    main()
