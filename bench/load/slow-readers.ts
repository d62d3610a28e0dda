// Clients that ask for a large body and read it slowly, a process of its own: `node bench/load/slow-readers.ts PORT COUNT SECONDS
// HEAD`. Each takes one read of at most 64 KB every half second. Prints the bytes that all of them got; ends by itself.

import net from "node:net";
import process from "node:process";

const pauseMs = 500;

const [port, count, seconds] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const head = process.argv[5]!;
const sockets: net.Socket[] = [];
let bytes = 0;
let broken = 0;

for (let i = 0; i < count; i++) {
  const socket = net.connect(port, "127.0.0.1", () => socket.write(head, "latin1"));
  socket.on("data", (data: Buffer) => {
    bytes += data.length;
    socket.pause();
  });
  socket.on("error", () => broken++);
  socket.on("end", () => broken++);
  sockets.push(socket);
}
setInterval(() => {
  for (const socket of sockets) socket.resume();
}, pauseMs);
setTimeout(() => {
  console.log(JSON.stringify({ bytes, broken }));
  process.exit(broken === 0 ? 0 : 1);
}, seconds * 1000);
