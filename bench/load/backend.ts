// The backend of the load runs where nginx does not serve: `node bench/load/backend.ts PORT`. It answers `GET /big...` with 10 MB,
// everything else with a small text, and a request with a body once all of it came. It prints `ready` when it listens and lives
// until it is killed or its standard input ends.

import net from "node:net";
import process from "node:process";

export const bigBytes = 10_000_000;
export const smallText = "hello from the backend\n";

const smallAnswer = answer(Buffer.from(smallText));
const bigAnswer = answer(Buffer.alloc(bigBytes, "0123456789abcdef"));

function answer(body: Buffer): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Serves one connection; requests come one after the other, bodies with Content-Length or chunked. */
function serve(socket: net.Socket): void {
  let head = "";
  let left = 0;
  let tail = "";
  let isChunked = false;
  let isBig = false;
  const reply = () => socket.write(isBig ? bigAnswer : smallAnswer);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (data: Buffer) => {
    if (isChunked) {
      tail = (tail + data.toString("latin1", Math.max(0, data.length - 5))).slice(-5);
      if (tail !== "0\r\n\r\n") return;
      isChunked = false;
      reply();
      return;
    }
    if (left > 0) {
      left -= data.length;
      if (left <= 0) reply();
      return;
    }
    head += data.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const fields = head.slice(0, end);
    isBig = fields.startsWith("GET /big");
    const came = head.length - end - 4;
    tail = head.slice(-5);
    head = "";
    if (/\r\ntransfer-encoding: *chunked/i.test(fields)) {
      isChunked = came === 0 || tail !== "0\r\n\r\n";
      if (!isChunked) reply();
      return;
    }
    left = Number(/\r\ncontent-length: *(\d+)/i.exec(fields)?.[1] ?? 0) - came;
    if (left <= 0) reply();
  });
}

if (import.meta.main) {
  net.createServer(serve).listen(Number(process.argv[2]), "127.0.0.1", () => console.log("ready"));
  process.stdin.on("end", () => process.exit(0)).resume();
}
