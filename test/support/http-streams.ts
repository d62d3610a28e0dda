// Random HTTP/1.1 byte streams for differential tests: well-formed messages, made odd in places where parsers are known to differ,
// then damaged byte by byte. Everything comes from one seed.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 to `limit` - 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}

const methods = [
  "GET",
  "GET",
  "POST",
  "PUT",
  "HEAD",
  "OPTIONS",
  "DELETE",
  "PATCH",
  "TRACE",
  "PROPFIND",
  "get",
  "FOO",
  "CONNECT",
];
const targets = [
  "/",
  "/a?b=c",
  "/%41",
  "//x/../y",
  "http://h/x",
  "*",
  "/a b",
  "/a#b",
  "/\xe4",
  "h:1",
  "/%zz",
  "/{}|",
  "foo",
  "",
];
const versions = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "http/1.1",
  "HTTP/1",
  "HTTP/01.1",
];
const statuses = [
  "200 OK",
  "200 OK",
  "204 No Content",
  "304 Not Modified",
  "404 Not Found",
  "100 Continue",
  "101 x",
  "200",
  "99 x",
  "2000 x",
  "599 ",
];
const names = [
  "X-A",
  "x-b",
  "Accept",
  "Cookie",
  "X_C",
  "Connection-X",
  "Content-Length-X",
  "User-Agent",
  "A.B",
  "X Y",
  "X(",
  "",
];
const values = [
  "",
  "1",
  "a b",
  "a, b",
  "\xe4\xff",
  '"q: \\"',
  " padded\t ",
  "a\x01",
  "\x7f",
  "a\0b",
  "close",
  "chunked",
];
const framings = [
  "Content-Length: 5",
  "content-length:5",
  "Content-Length: 5 ",
  "Content-Length: 05",
  "Content-Length: +5",
  "Content-Length: 5, 5",
  "Content-Length: 5\r\nContent-Length: 5",
  "Content-Length: 5\r\nContent-Length: 4",
  "Content-Length : 5",
  "Content-Length:\t5",
  "Content-Length: 0x5",
  "Content-Length: ",
  "Content-Length: 5\r\n 0",
  "Transfer-Encoding: chunked",
  "transfer-encoding:CHUNKED",
  "Transfer-Encoding: chunked\r\nContent-Length: 5",
  "Content-Length: 5\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, gzip",
  "Transfer-Encoding: identity",
  "Transfer-Encoding:\r\n chunked",
  "Transfer-Encoding: \x0bchunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding : chunked",
  "Transfer_Encoding: chunked",
];
const connections = ["close", "keep-alive", "Keep-Alive, x", "upgrade", "x,close", "closed"];
const lineEnds = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n"];
const chunkSizes = [
  "5",
  "05",
  "5;a",
  "5;a=b",
  '5;a="b"',
  '5;a="b c;\\"d"',
  "5 ;a",
  "5;a =\tb",
  "5 ",
  " 5",
  "0x5",
  "+5",
  "5;",
  "5;a\rb",
  "5\t",
  "FFFFFFFFFFFFFFFF5",
  "6",
];
const damage = [
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  ":",
  ",",
  ";",
  "0",
  "5",
  "\0",
  "\x7f",
  "\x80",
  "chunked",
  "HTTP/1.1",
  "GET / HTTP/1.1\r\n",
];

function mostly<T>(random: Random, list: readonly T[], first: number): T {
  return random.oneIn(3) ? random.pick(list) : list[random.below(first)]!;
}

function fields(random: Random, request: boolean): string[] {
  const lines: string[] = [];
  if (request && !random.oneIn(12))
    lines.push(mostly(random, ["Host: a.example", "host: b:1", "Host:", "Host: a,b", "Host: u@a", "Host : a"], 2));
  if (random.oneIn(2)) lines.push(mostly(random, framings, 2));
  if (random.oneIn(8)) lines.push(random.pick(framings));
  if (random.oneIn(4)) lines.push(`Connection: ${random.pick(connections)}`);
  if (random.oneIn(12)) lines.push("Upgrade: websocket");
  if (random.oneIn(12)) lines.push("Expect: 100-continue");
  for (let n = random.below(4); n > 0; n--) {
    const separator = mostly(random, [": ", ":", " : ", "", ":\t"], 2);
    lines.push(mostly(random, names, 9) + separator + mostly(random, values, 7));
    if (random.oneIn(8)) lines.push(random.pick([" folded", "\tfolded", " ", ""]));
  }
  for (let i = lines.length - 1; i > 0; i--) {
    const k = random.below(i + 1);
    [lines[i], lines[k]] = [lines[k]!, lines[i]!];
  }
  return lines;
}

/** Data of five bytes, mostly; some of it looks like framing. */
const contents = ["hello", "hello", "hello", "\r\n\r\n0", "0\r\n\r\n", "a\0\xff\nb", "hell", "hellos"];

function body(random: Random, head: string): string {
  if (!/chunked/i.test(head)) return /content-length/i.test(head) ? mostly(random, contents, 6) : "";
  let text = "";
  for (let n = random.below(4); n > 0; n--)
    text += `${mostly(random, chunkSizes, 5)}\r\n${mostly(random, contents, 6)}\r\n`;
  return `${text}${mostly(random, ["0", "00", "0;x"], 1)}\r\n${random.oneIn(6) ? mostly(random, ["A: b\r\n", "A b\r\n", "A: b\n", " \r\n"], 1) : ""}\r\n`;
}

function message(random: Random, request: boolean): string {
  const start = request
    ? `${mostly(random, methods, 4)}${random.oneIn(40) ? "\t" : " "}${mostly(random, targets, 4)} ${mostly(random, versions, 3)}`
    : `${mostly(random, versions, 3)} ${mostly(random, statuses, 3)}`;
  const end = () => (random.oneIn(6) ? random.pick(lineEnds) : "\r\n");
  const head = [start, ...fields(random, request)].map((line) => line + end()).join("") + end();
  return head + body(random, head);
}

/** One to four messages as a byte string. */
export function randomStream(random: Random, request: boolean): string {
  let text = message(random, request);
  for (let n = 0; n < 3 && random.oneIn(2); n++) text += (random.oneIn(10) ? "\r\n" : "") + message(random, request);
  for (let n = random.oneIn(2) ? random.below(3) : 0; n > 0; n--) {
    const at = random.below(text.length + 1);
    text = text.slice(0, at) + (random.oneIn(3) ? "" : random.pick(damage)) + text.slice(at + random.below(3));
  }
  return text;
}
