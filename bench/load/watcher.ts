// Watches one answer over several keep-alive connections, enough that every worker holds some: tells when all of them show a new
// value. Runs in the process of the benchmark.

import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";

const connections = 12;

export type Show = (response: http.IncomingMessage, body: string) => string;

export class Watcher {
  readonly #agents = Array.from({ length: connections }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
  readonly #options: { port: number; host: string; target: string };
  readonly #show: Show;

  constructor(options: { port: number; host: string; target: string }, show: Show) {
    this.#options = options;
    this.#show = show;
  }

  /** Resolves when every connection shows the value, with the time that took from `since` in milliseconds; rejects after `limitMs`. */
  async until(value: string, since: number, limitMs = 60_000): Promise<number> {
    await Promise.all(
      this.#agents.map(async (agent) => {
        for (;;) {
          const shown = await this.#ask(agent);
          if (shown === value) return;
          if (performance.now() - since > limitMs)
            throw new Error(`still "${shown}" in place of "${value}" after ${limitMs} ms`);
          await delay(1);
        }
      }),
    );
    return performance.now() - since;
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy();
  }

  #ask(agent: http.Agent): Promise<string> {
    const { port, host, target } = this.#options;
    return new Promise((resolve, reject) => {
      const request = http.get(
        { host: "127.0.0.1", port, path: target, headers: { Host: host }, agent },
        (response) => {
          let body = "";
          response.setEncoding("latin1");
          response.on("data", (text: string) => {
            body += text;
          });
          response.on("end", () => resolve(this.#show(response, body)));
          response.on("error", reject);
        },
      );
      request.on("error", reject);
    });
  }
}
