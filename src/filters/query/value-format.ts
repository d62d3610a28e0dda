// The format of queryToHeader: C-like verbs with one string operand (spec filters 6.3). What is wrong in a format shows in its
// result, as users know it: it never rejects a route.

/** Makes a function that puts a value into the format. */
export function parseFormat(format: string): (value: string) => string {
  const pieces: (string | Verb)[] = [];
  let used = false;
  for (let at = 0; at < format.length; ) {
    const percent = format.indexOf("%", at);
    if (percent < 0) {
      pieces.push(format.slice(at));
      break;
    }
    pieces.push(format.slice(at, percent));
    const letter = format[percent + 1];
    at = percent + 2;
    if (letter === "%") pieces.push("%");
    else if (letter === undefined) pieces.push("%!(NOVERB)");
    else if (used) pieces.push(`%!${letter}(MISSING)`);
    else {
      used = true;
      pieces.push(verbs[letter] ?? ((value) => `%!${letter}(string=${value})`));
    }
  }
  if (!used) pieces.push((value) => `%!(EXTRA string=${value})`);
  return (value) => {
    let out = "";
    for (const piece of pieces) out += typeof piece === "string" ? piece : piece(value);
    return out;
  };
}

type Verb = (value: string) => string;

const verbs: Readonly<Record<string, Verb>> = {
  s: (value) => value,
  v: (value) => value,
  q: quote,
  x: (value) => Buffer.from(value, "latin1").toString("hex"),
};

/** A byte string in double quotes; control bytes and the quote are escaped, bytes from 0x80 stay. */
function quote(value: string): string {
  let out = '"';
  for (const c of value) {
    const code = c.charCodeAt(0);
    if (c === '"' || c === "\\") out += `\\${c}`;
    else if (code < 0x20 || code === 0x7f) out += named[c] ?? `\\x${code.toString(16).padStart(2, "0")}`;
    else out += c;
  }
  return `${out}"`;
}

const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};
