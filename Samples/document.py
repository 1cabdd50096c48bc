"""Writes update documents as the catalogues of update servers have them: no declaration, no white space between elements."""

import base64
import hashlib
import re
import uuid
from dataclasses import dataclass, field

_NAMES = uuid.uuid5(uuid.NAMESPACE_DNS, "samples.martlet.example")

_MSUS = "http://schemas.microsoft.com/msus/2002/12/"
OS_INSTALLER = "http://schemas.microsoft.com/msus/2016/01/UpdateHandlers/OSInstaller"
HANDLERS = _MSUS + "UpdateHandlers/"
NAMESPACES = {  # in the order in which a root declares them
    "pub": _MSUS + "Publishing",
    "bar": _MSUS + "BaseApplicabilityRules",
    "lar": _MSUS + "LogicalApplicabilityRules",
    "mar": _MSUS + "MsiApplicabilityRules",
    "cbsar": _MSUS + "CbsApplicabilityRules",
    "cat": HANDLERS + "Category",
    "cbs": HANDLERS + "Cbs",
    "cmd": HANDLERS + "CommandLineInstallation",
    "drv": HANDLERS + "WindowsDriver",
    "msp": HANDLERS + "WindowsInstaller",
    "psf": HANDLERS + "WindowsPatch",
    "wsi": HANDLERS + "WindowsSetup",
    "upd": _MSUS + "Update",
}
_REDECLARED = {"bar", "cmd"}  # real documents declare these again where they are used


def guid(name):
    """The same GUID for the same name, on every machine."""
    return str(uuid.uuid5(_NAMES, name))


def text(value):
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(value):
    return text(str(value)).replace('"', "&quot;")


def element(name, attributes=None, *children):
    """One element as text; children are texts already written."""
    written = "".join(f' {key}="{attribute(value)}"' for key, value in (attributes or {}).items())
    prefix = name.split(":")[0]
    if prefix in _REDECLARED:
        written += f' xmlns:{prefix}="{NAMESPACES[prefix]}"'
    content = "".join(children)
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written} />"


def rule(name, *children, **attributes):
    return element(name, attributes, *children)


def identity(name, revision=None):
    attributes = {"UpdateID": name if re.fullmatch(r"[0-9A-Fa-f-]{36}", name) else guid(name)}
    if revision is not None:
        attributes["RevisionNumber"] = revision
    return element("upd:UpdateIdentity", attributes)


def any_of(*names, category=False):
    attributes = {"IsCategory": "true"} if category else {}
    return element("upd:AtLeastOne", attributes, *map(identity, names))


@dataclass(frozen=True)
class Payload:
    """A file an update installs from: its bytes and both digests."""

    name: str
    content: bytes

    def element(self, tag="upd:File", extra=None, modified="2026-02-10T08:00:00Z"):
        attributes = {
            "Digest": base64.b64encode(hashlib.sha1(self.content).digest()).decode(), "DigestAlgorithm": "SHA1",
            "FileName": self.name, "Size": len(self.content)}
        if tag == "upd:File":
            attributes["Modified"] = modified
        sha256 = base64.b64encode(hashlib.sha256(self.content).digest()).decode()
        return element(tag, attributes | (extra or {}), f'<upd:AdditionalDigest Algorithm="SHA256">{sha256}</upd:AdditionalDigest>')


def bytes_of(name, size):
    """A first line that says what this is, then bytes that do not compress."""
    head = f"Example payload {name}. Not a program: bytes to download and verify.\n".encode()
    return (head + hashlib.shake_128(name.encode()).digest(max(size - len(head), 0)))[:size]


@dataclass
class Document:
    """One revision of an update. Texts that are XML already are named `..._xml`."""

    name: str
    titles: dict  # language -> title, or (title, description)
    type: str = "Software"
    revision: int = 100
    update_id: str = ""
    created: str = "2026-02-10T18:00:00.310Z"
    properties: dict = field(default_factory=dict)  # attributes beyond the usual ones
    properties_xml: list = field(default_factory=list)  # children of Properties
    eula_xml: list = field(default_factory=list)
    superseded: list = field(default_factory=list)
    prerequisites_xml: list = field(default_factory=list)
    bundled_xml: list = field(default_factory=list)
    installed: str = ""
    superseded_rule: str = ""
    installable: str = ""
    metadata_xml: str = ""
    files: list = field(default_factory=list)  # (Payload, further attributes)
    handler: str = ""
    handler_type: str = ""
    handler_xml: list = field(default_factory=list)
    expired: bool = False
    urls: bool = False

    @property
    def identity(self):
        return (self.update_id or guid(self.name)).lower()

    def write(self):
        body = "".join([
            element("upd:UpdateIdentity", {"UpdateID": self.update_id or guid(self.name), "RevisionNumber": self.revision}),
            self._properties(), self._localized(), self._relationships(), self._rules(), self._files(), self._handler()])
        used = {"pub", "upd"} | {prefix for prefix in NAMESPACES if re.search(rf"[<\"]{prefix}:", body)}
        declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items() if prefix in used)
        return f"<upd:Update{declared}>{body}</upd:Update>"

    def _properties(self):
        attributes = {"UpdateType": self.type, "DefaultPropertiesLanguage": next(iter(self.titles))}
        if self.handler:
            attributes["Handler"] = self.handler
        if self.files:
            attributes |= {"MaxDownloadSize": sum(len(file.content) for file, _ in self.files), "MinDownloadSize": 0}
        attributes |= {
            "PublicationState": "Expired" if self.expired else "Published", "CreationDate": self.created,
            "PublisherID": guid("publisher")} | self.properties
        written = "".join(f' {key}="{attribute(value)}"' for key, value in attributes.items())
        return f"<upd:Properties{written}>{''.join(self.properties_xml)}</upd:Properties>"

    def _localized(self):
        def one(language, texts):
            title, description = texts if isinstance(texts, tuple) else (texts, "")
            address = f"https://example.com/updates/{self.name}"
            parts = [("Language", language), ("Title", title), ("Description", description)]
            parts += [("MoreInfoUrl", address), ("SupportUrl", "https://example.com/support?product=desktop&from=update")] if self.urls else []
            return "".join(f"<upd:{tag}>{text(value)}</upd:{tag}>" for tag, value in parts if value)

        every = [f"<upd:LocalizedProperties>{one(language, texts)}</upd:LocalizedProperties>" for language, texts in self.titles.items()]
        return element("upd:LocalizedPropertiesCollection", {}, *every, *self.eula_xml)

    def _relationships(self):
        parts = [
            ("upd:SupersededUpdates", [identity(name) for name in self.superseded]),
            ("upd:Prerequisites", self.prerequisites_xml), ("upd:BundledUpdates", self.bundled_xml)]
        written = [element(tag, {}, *children) for tag, children in parts if children]
        return element("upd:Relationships", {}, *written) if written else ""

    def _rules(self):
        parts = [
            ("upd:IsInstalled", self.installed), ("upd:IsSuperseded", self.superseded_rule),
            ("upd:IsInstallable", self.installable), ("upd:Metadata", self.metadata_xml)]
        written = [element(tag, {}, child) for tag, child in parts if child]
        return element("upd:ApplicabilityRules", {}, *written) if written else ""

    def _files(self):
        return element("upd:Files", {}, *(file.element(extra=extra) for file, extra in self.files)) if self.files else ""

    def _handler(self):
        if not self.handler_type:
            return ""
        attributes = {"xsi:type": self.handler_type, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}
        return element("upd:HandlerSpecificData", attributes, *self.handler_xml)
