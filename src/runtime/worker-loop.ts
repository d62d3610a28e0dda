// The life of a worker thread: listens when told, adopts tables, drains when told. What it serves is built by app/worker.ts.

import type { Server } from "node:net";
import type { MessagePort } from "node:worker_threads";
import type { Intake } from "../proxy/accepted-connection.ts";
import { type ListenAddress, listen, plainIntake } from "../proxy/listener.ts";
import type { Proxy } from "../proxy/proxy.ts";
import { bindFailure } from "./bind.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { profilingOrders } from "./profiling-orders.ts";

export interface WorkerListener {
  readonly address: ListenAddress;
  readonly intake: Intake;
}

/** The debug listener has a proxy of its own, on the same connections and routes. */
export interface DebugListener {
  readonly proxy: Proxy;
  readonly address: ListenAddress;
}

/** How often unused instances of replaced routes are looked for. */
const SWEEP_MS = 1000;

export function runWorker(
  port: MessagePort,
  proxy: Proxy,
  listeners: readonly WorkerListener[],
  debug: DebugListener | null,
  onShuttingDown: () => void,
  close: () => Promise<void>,
): void {
  const servers: Server[] = [];
  const say = (message: FromWorker, given: ArrayBuffer[] = []) => port.postMessage(message, given);
  const profile = profilingOrders(say);
  const sweeper = setInterval(() => {
    proxy.table.sweep();
    debug?.proxy.table.sweep();
  }, SWEEP_MS);
  // It is there before the routes are, and nobody is told when it cannot be opened (spec flags 8).
  if (debug !== null) {
    listen(debug.proxy, debug.address, plainIntake).then(
      (server) => servers.push(server),
      () => {},
    );
  }
  port.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "listen":
        openAll(proxy, listeners, servers).then(
          () => say({ type: "listening" }),
          (error: Error) => say({ type: "failed", message: error.message }),
        );
        break;
      case "table":
        proxy.table.adopt(message.generation);
        debug?.proxy.table.adopt(message.generation);
        break;
      case "certificates":
        for (const { intake } of listeners) intake.tls?.certificates.replace(message.certificates);
        break;
      case "clientCertificates":
        proxy.pools.dialer.replaceClientCerts(message.certificates);
        break;
      case "hostCertificates":
        for (const { intake } of listeners) intake.tls?.certificates.changeHosts(message.change);
        break;
      case "profile":
        profile(message.serial, message.order);
        break;
      case "catchUp":
        // Behind the series of this turn (series-posts.ts).
        setImmediate(() => say({ type: "caughtUp", serial: message.serial }));
        break;
      case "shuttingDown":
        onShuttingDown();
        break;
      case "drain":
        clearInterval(sweeper);
        if (debug !== null) debug.proxy.draining = true;
        drain(proxy, servers)
          .then(close)
          .then(() => say({ type: "drained" }));
        break;
    }
  });
}

async function openAll(proxy: Proxy, listeners: readonly WorkerListener[], servers: Server[]): Promise<void> {
  for (const { address, intake } of listeners) {
    try {
      servers.push(await listen(proxy, address, intake));
    } catch (cause) {
      throw new Error(bindFailure(address, cause));
    }
  }
}

/** No new connections, idle ones close, running requests finish with `Connection: close`; tunnels are not waited for. */
async function drain(proxy: Proxy, servers: readonly Server[]): Promise<void> {
  proxy.draining = true;
  for (const server of servers) server.close();
  for (const connection of proxy.connections) connection.drain();
  await new Promise<void>((resolve) => {
    const look = () => {
      for (const connection of proxy.connections) if (!connection.tunnels) return;
      clearInterval(timer);
      resolve();
    };
    const timer = setInterval(look, 10);
    look();
  });
  for (const connection of proxy.connections) connection.socket.destroy();
  proxy.pools.close();
}
