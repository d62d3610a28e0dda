// Byte strings: the data plane keeps text that came from a socket as a string of one character U+0000..U+00FF per byte
// ("latin1 view"), so that no byte is lost and a string compare is a byte compare. Text from routes and flags is Unicode and
// is turned into a byte string once, when the route is built.

/** The UTF-8 bytes of a Unicode string, one character per byte. ASCII comes back as it is. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The Unicode text of a byte string read as UTF-8; an invalid byte becomes U+FFFD. ASCII comes back as it is. */
export function fromByteString(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, "latin1").toString("utf8");
}

/** True when every character is below U+0080. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
