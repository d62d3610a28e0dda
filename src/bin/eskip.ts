// The eskip command: hands arguments and streams of the process to app/eskip.ts and sets the exit code.

import { readFile } from "node:fs/promises";
import { runEskip } from "../app/eskip.ts";

// A reader that has seen enough (`eskip print | head`) is no fault of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runEskip(process.argv.slice(2), {
  stdinIsTerminal: process.stdin.isTTY === true,
  stderrIsTerminal: process.stderr.isTTY === true,
  env: process.env,
  async readStdin() {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  },
  readFile: (name) => readFile(name),
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
