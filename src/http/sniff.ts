// Guesses the content type of a body from its first bytes (spec filters 7, after the WHATWG MIME Sniffing Standard). Used when a
// filter serves content whose type nobody named.

/** Only so many bytes are looked at. */
export const SNIFF_LENGTH = 512;

const TEXT = "text/plain; charset=utf-8";
const HTML = "text/html; charset=utf-8";
const BINARY = "application/octet-stream";

/** Tags that make a text HTML when a blank or `>` follows, in upper case; a comment needs nothing behind it. */
const HTML_TAGS: readonly string[] = [
  "<!DOCTYPE HTML",
  "<HTML",
  "<HEAD",
  "<SCRIPT",
  "<IFRAME",
  "<H1",
  "<DIV",
  "<FONT",
  "<TABLE",
  "<A",
  "<STYLE",
  "<TITLE",
  "<B",
  "<BODY",
  "<BR",
  "<P",
  "<!--",
];

/** Bytes at the start of a body, and the type they stand for. */
const SIGNATURES: readonly (readonly [bytes: string, type: string])[] = [
  ["%PDF-", "application/pdf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\xfe\xff", "text/plain; charset=utf-16be"],
  ["\xff\xfe", "text/plain; charset=utf-16le"],
  ["\xef\xbb\xbf", TEXT],
  ["\x00\x00\x01\x00", "image/x-icon"],
  ["\x00\x00\x02\x00", "image/x-icon"],
  ["BM", "image/bmp"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  [".snd", "audio/basic"],
  ["ID3", "audio/mpeg"],
  ["OggS\x00", "application/ogg"],
  ["MThd\x00\x00\x00\x06", "audio/midi"],
  ["\x1a\x45\xdf\xa3", "video/webm"],
  ["\x00\x01\x00\x00", "font/ttf"],
  ["OTTO", "font/otf"],
  ["ttcf", "font/collection"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["\x1f\x8b\x08", "application/x-gzip"],
  ["PK\x03\x04", "application/zip"],
  ["Rar!\x1a\x07\x00", "application/x-rar-compressed"],
  ["Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"],
  ["\x00asm", "application/wasm"],
];

/** Containers: four bytes, any four (the length), then what is inside. */
const CONTAINERS: readonly (readonly [outer: string, inner: string, type: string])[] = [
  ["RIFF", "WEBPVP", "image/webp"],
  ["RIFF", "AVI ", "video/avi"],
  ["RIFF", "WAVE", "audio/wave"],
  ["FORM", "AIFF", "audio/aiff"],
];

/** Where the letters `LP` of an embedded OpenType font stand. */
const EOT_OFFSET = 34;

/** The content type of a body that begins with these bytes (a byte string). */
export function sniffContentType(body: string): string {
  const start = body.length > SNIFF_LENGTH ? body.slice(0, SNIFF_LENGTH) : body;
  const text = start.slice(leadingBlanks(start));
  const upper = text.slice(0, 16).toUpperCase();
  for (const tag of HTML_TAGS) {
    if (upper.startsWith(tag) && (tag === "<!--" || endsTag(text.charCodeAt(tag.length)))) return HTML;
  }
  if (text.startsWith("<?xml")) return "text/xml; charset=utf-8";
  for (const [signature, type] of SIGNATURES) if (start.startsWith(signature)) return type;
  for (const [outer, inner, type] of CONTAINERS) if (start.startsWith(outer) && start.startsWith(inner, 8)) return type;
  if (start.startsWith("LP", EOT_OFFSET) && isZero(start, EOT_OFFSET)) return "application/vnd.ms-fontobject";
  if (isMp4(start)) return "video/mp4";
  return hasControlByte(start) ? BINARY : TEXT;
}

/** Number of bytes that are tab, line feed, form feed, carriage return or blank at the start. */
function leadingBlanks(text: string): number {
  let i = 0;
  while (i < text.length && isBlank(text.charCodeAt(i))) i++;
  return i;
}

function isBlank(c: number): boolean {
  return c === 9 || c === 10 || c === 12 || c === 13 || c === 32;
}

/** A tag ends at a blank or at `>` (WHATWG: tag-terminating byte). */
function endsTag(c: number): boolean {
  return c === 32 || c === 62;
}

function isZero(text: string, end: number): boolean {
  for (let i = 0; i < end; i++) if (text.charCodeAt(i) !== 0) return false;
  return true;
}

/** WHATWG 6.2.1: a box `ftyp` whose major or compatible brands begin with `mp4`. */
function isMp4(text: string): boolean {
  if (text.length < 12 || !text.startsWith("ftyp", 4)) return false;
  const size =
    text.charCodeAt(0) * 0x1000000 + text.charCodeAt(1) * 0x10000 + text.charCodeAt(2) * 0x100 + text.charCodeAt(3);
  if (size % 4 !== 0 || text.length < size) return false;
  for (let at = 8; at < size; at += 4) {
    // Bytes 12 to 15 are the minor version.
    if (at !== 12 && text.startsWith("mp4", at)) return true;
  }
  return false;
}

function hasControlByte(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 8 || c === 0x0b || (c >= 0x0e && c <= 0x1a) || (c >= 0x1c && c <= 0x1f)) return true;
  }
  return false;
}
