// The backends of the load runs, on the load generator's core: nginx for small answers where it is installed (it costs least),
// our own for bodies and wherever nginx is missing.

import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { smallText } from "../load/backend.ts";
import { freePort, hasProgram, loadCore, type Running, start, whenAnswers, workFolder } from "./running.ts";

/** Where the small backend listens: several addresses, so that it can stand for several endpoints. */
const smallAddresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];

export interface SmallBackend extends Running {
  /** All with the same port. */
  readonly addresses: readonly string[];
}

export async function startSmallBackend(): Promise<SmallBackend> {
  if (!hasProgram("nginx")) return { ...(await startBodyBackend()), addresses: smallAddresses.slice(0, 1) };
  const port = await freePort();
  const file = path.join(workFolder(), `backend-${port}.conf`);
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid ${file}.pid; error_log ${file}.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 1h;
  server { ${smallAddresses.map((one) => `listen ${one}:${port} backlog=4096;`).join(" ")} location / { default_type text/plain; return 200 "${smallText.replace("\n", "\\n")}"; } }
}
`,
  );
  const running = start("backend-nginx", loadCore, port, "nginx", ["-c", file]);
  await whenAnswers(running, "backend.example.org", "/");
  return { ...running, addresses: smallAddresses };
}

export async function startBodyBackend(): Promise<Running> {
  const port = await freePort();
  const program = path.join(import.meta.dirname, "../load/backend.ts");
  const running = start("backend-node", loadCore, port, process.execPath, [program, String(port)]);
  await whenAnswers(running, "backend.example.org", "/");
  return running;
}
