// Hot path: nothing is allocated for a request that no filter asks for. Guarded by bench P1 and P7.
//
// One request from its head to its last byte: the phases in order, the same for every protocol and every kind of backend.
//   checks -> lookup -> request filters -> backend | shunt | loopback (again from the lookup) -> response filters -> client -> record
// A phase that must wait returns, and the next one is entered from the event. It owns the request context and the backend call,
// and is reused for all requests of its connection. Metrics and logs hang on the boundaries of the phases.
// Long because the phases share one state.

import type { RequestHead } from "../http/h1/request-head.ts";
import { KIND } from "../http/h1/tables.ts";
import type { Body } from "../spec/context.ts";
import { canBeWritten } from "./backend-request.ts";
import type { ClientEvents, ClientStream } from "./client-stream.ts";
import type { CopiedRequest } from "./copied-request.ts";
import type { DebugStream } from "./debug-stream.ts";
import { serveError } from "./error-response.ts";
import { Forward } from "./forward.ts";
import type { Proxy } from "./proxy.ts";
import {
  clientGone,
  FilterTimeout,
  filterDeadline,
  filterPanic,
  illegalHeader,
  loopLimit,
  malformedBody,
  noRoute,
  type ProxyError,
} from "./proxy-error.ts";
import { record } from "./record.ts";
import { checkRequest } from "./request-checks.ts";
import { type Frame, RequestContext } from "./request-context.ts";
import { RequestDrain } from "./request-drain.ts";
import { ResponseSender } from "./response-sender.ts";
import { BackendKind, type RouteInstance } from "./route-instance.ts";
import { startUpgrade, type Upgrade } from "./upgrade.ts";

/** Where the exchange is; DONE is also the state between requests. */
export const Phase = { done: 0, request: 1, drain: 2, backend: 3, response: 4, sending: 5, tunnel: 6 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

export class Exchange implements ClientEvents {
  ctx = new RequestContext();
  readonly proxy: Proxy;
  readonly client: ClientStream;
  /** The client once more when it is one of the debug listener, else null. */
  readonly debug: DebugStream | null;
  phase: Phase = Phase.done;
  readonly forward: Forward;
  readonly sender: ResponseSender;
  /** Failure of this request; null while all is well. */
  error: ProxyError | null = null;
  /** Clock readings in milliseconds (performance.now), for metrics and the access log. */
  startedMs = 0;
  filtersMs = 0;
  backendMs = 0;
  sendingMs = 0;
  /** Milliseconds of the proxy's own work before and after the backend call: without filters, and without the body. */
  ownRequestMs = 0;
  ownResponseMs = 0;
  gone = false;
  /** A response filter asked for another look-up: the request body is gone. */
  reran = false;
  #upgrade: Upgrade | null = null;
  /** Made for the first body that no backend takes. */
  #drain: RequestDrain | null = null;
  /** True for an answer from before the routing, and for a copy: no log line, no metrics of what a client got. */
  #unrecorded = false;
  /** The next filter of the request phase; the frame and filter of the response phase. */
  #filter = 0;
  #frame = 0;
  /** Only filters that ask for failed requests get their response step. */
  #optedIn = false;
  /** A tunnel ended: there is nobody to answer. */
  #tunnelOver = false;
  /** Counts requests and failures, so that a promise from before cannot continue what came after. */
  #turn = 0;

  constructor(proxy: Proxy, client: ClientStream, debug: DebugStream | null = null) {
    this.proxy = proxy;
    this.client = client;
    this.debug = debug;
    this.forward = new Forward(this);
    this.sender = new ResponseSender(this);
  }

  start(head: RequestHead): void {
    if (this.ctx.lent) this.ctx = new RequestContext();
    const ctx = this.ctx;
    this.#begin();
    ctx.request.start(head);
    this.#fromClient();
    if (!checkRequest(this, head)) return;
    this.debug?.begin(ctx);
    this.proxy.table.pin(ctx.pin);
    this.proxy.metrics.incoming(ctx.request.protocol);
    this.execute();
  }

  /** Executes a copy: its client is nobody. What the routing would refuse was refused to the original. */
  startCopy(copy: CopiedRequest, hasBody: boolean): void {
    const { ctx, proxy } = this;
    this.#begin();
    this.#unrecorded = true;
    ctx.copied = copy;
    ctx.lookups = copy.lookups;
    ctx.request.startCopy(copy, hasBody);
    this.#fromClient();
    ctx.pin.generation = copy.pin.generation;
    ctx.pin.version = copy.pin.version;
    if (copy.received) {
      proxy.forwarded?.apply(ctx.request, this.client);
      if (proxy.options.patchPath) ctx.request.patchPath();
      proxy.table.pin(ctx.pin);
    }
    this.execute();
  }

  #fromClient(): void {
    const { request } = this.ctx;
    request.remoteAddress = this.client.remoteAddress;
    request.remotePort = this.client.remotePort;
    request.tls = this.client.secure;
    request.client = this.client;
  }

  #begin(): void {
    this.phase = Phase.request;
    this.error = null;
    this.gone = false;
    this.reran = false;
    this.forward.target = null;
    this.#upgrade = null;
    this.#optedIn = false;
    this.#tunnelOver = false;
    this.#unrecorded = false;
    this.#turn++;
    this.startedMs = performance.now();
    this.filtersMs = 0;
    this.backendMs = 0;
    this.ownRequestMs = 0;
    this.ownResponseMs = 0;
    this.ctx.reset();
  }

  /** One lookup and what follows from it; a loopback comes here again. */
  execute(): void {
    const { ctx, proxy } = this;
    if (ctx.lookups > proxy.options.maxLoopbacks) {
      this.fail(loopLimit(ctx.copied === null ? ctx.frames[0]!.route!.id : ctx.copied.routeId));
      return;
    }
    ctx.lookups++;
    const before = ctx.lookups === 1 ? this.startedMs : performance.now();
    const frame = ctx.nextFrame();
    let route: RouteInstance | null;
    try {
      route = proxy.table.lookup(ctx.pin, ctx.request, frame.lookup);
    } catch (error) {
      this.#panic(error);
      return;
    }
    this.filtersMs = performance.now();
    this.ownRequestMs += this.filtersMs - before;
    proxy.metrics.lookup((this.filtersMs - before) / 1000, route !== null);
    if (route === null) {
      this.fail(noRoute(proxy.options.defaultStatus));
      return;
    }
    ctx.enter(frame, route);
    frame.outgoingHost = proxy.options.preserveHost ? ctx.request.host : route.backendHost;
    this.phase = Phase.request;
    this.#filter = 0;
    if (route.backend.kind === BackendKind.loopback) ctx.request.baggage();
    if (route.filters.length === 0) {
      this.#requestFiltersDone();
      return;
    }
    frame.timedWeight = route.metrics.filterWeight(this.filtersMs);
    this.#requestFilters();
  }

  #requestFilters(): void {
    const ctx = this.ctx;
    const frame = ctx.frame!;
    const { filters, filterMetrics } = frame.route!;
    const weight = frame.timedWeight;
    try {
      for (let i = this.#filter; i < filters.length; ) {
        const filter = filters[i]!;
        const metrics = filterMetrics[i++]!;
        frame.executed = i;
        if (filter.request === undefined) continue;
        const before = weight > 0 ? performance.now() : 0;
        const waiting = filter.request(ctx);
        if (weight > 0) metrics.request((performance.now() - before) / 1000, weight);
        if (waiting !== undefined) {
          this.#filter = i;
          this.#waitFor(waiting, Phase.request);
          return;
        }
        if (ctx.served) break;
      }
    } catch (error) {
      frame.executed--;
      this.#panic(error);
      return;
    }
    this.#requestFiltersDone();
  }

  #requestFiltersDone(): void {
    const ctx = this.ctx;
    const route = ctx.frame!.route!;
    if (route.filters.length > 0) {
      const now = performance.now();
      route.metrics.requestFilters((now - this.filtersMs) / 1000);
      this.filtersMs = now;
    }
    if (ctx.served || route.backend.kind === BackendKind.shunt) {
      if (!ctx.served) ctx.respondEmpty(404);
      this.#drainRequest();
      return;
    }
    if (route.backend.kind === BackendKind.loopback) {
      this.execute();
      return;
    }
    if (this.debug !== null) {
      this.debug.outgoing(ctx);
      ctx.respondEmpty(0);
      this.#drainRequest();
      return;
    }
    this.phase = Phase.backend;
    if (!canBeWritten(ctx)) {
      this.fail(illegalHeader);
      return;
    }
    if (ctx.request.upgrade && this.proxy.options.upgrade) this.#upgrade = startUpgrade(this);
    else this.forward.start();
  }

  /** The request body is read to its end before an answer that needs no backend (spec proxy 8). */
  #drainRequest(): void {
    if (this.client.bodyDone || this.reran) {
      this.responsePhase();
      return;
    }
    this.phase = Phase.drain;
    this.#drain ??= new RequestDrain(this.client, () => {
      if (this.phase === Phase.drain) this.responsePhase();
    });
    this.#drain.start(this.ctx.requestTransforms);
  }

  /** The response is in the context: run the response filters of all executed routes, innermost first, last filter first. */
  responsePhase(): void {
    const ctx = this.ctx;
    // A backend call read the clock when the answer came; what has passed since then is not the filters'.
    const answeredMs = this.phase === Phase.backend && this.error === null ? this.filtersMs : 0;
    if (answeredMs === 0 || ctx.frame!.executed > 0) this.filtersMs = performance.now();
    if (answeredMs > 0) this.ownResponseMs = this.filtersMs - answeredMs;
    const server = ctx.response.headers.known(KIND.server);
    if (server === undefined || server === "") ctx.response.headers.set("Server", "Skipper");
    this.#optedIn = this.error !== null;
    this.#beginResponseFilters();
  }

  /** An upgrade was answered without a tunnel: the answer stands, and no filter changes it (spec proxy 15). */
  upgradeAnswered(): void {
    this.#optedIn = true;
    this.#beginResponseFilters();
  }

  /** The tunnel of an upgrade ended: filters that hold something for the request let go of it. */
  tunnelEnded(): void {
    this.#tunnelOver = true;
    this.upgradeAnswered();
  }

  #beginResponseFilters(): void {
    const ctx = this.ctx;
    this.phase = Phase.response;
    ctx.hasResponse = true;
    this.#toFrame(ctx.depth - 1);
    this.#responseFilters();
  }

  /** Goes on with the response filters of this frame; -1: there are no more. */
  #toFrame(index: number): void {
    this.#frame = index;
    if (index < 0) return;
    const frame = this.ctx.frames[index]!;
    this.#filter = frame.executed;
    if (!frame.reran || this.error === null || this.error === clientGone) return;
    // What failed is the answer that a filter of this frame asked for, and the filters to its left see that.
    this.error = null;
    this.#optedIn = false;
  }

  #responseFilters(): void {
    const ctx = this.ctx;
    try {
      frames: while (this.#frame >= 0) {
        const frame = ctx.frames[this.#frame]!;
        const { filters, filterMetrics } = frame.route!;
        ctx.frame = frame;
        const weight = frame.timedWeight;
        while (this.#filter > 0) {
          const filter = filters[--this.#filter]!;
          if (filter.response === undefined || (this.#optedIn && filter.onError !== true)) continue;
          const before = weight > 0 ? performance.now() : 0;
          const waiting = filter.response(ctx);
          if (weight > 0) filterMetrics[this.#filter]!.response((performance.now() - before) / 1000, weight);
          if (waiting !== undefined) {
            this.#waitFor(waiting, Phase.response);
            return;
          }
          if (ctx.rerunAsked && this.#mayRerun()) break frames;
        }
        this.#frameDone(frame);
        this.#toFrame(this.#frame - 1);
      }
    } catch (error) {
      this.#panic(error);
      return;
    }
    if (ctx.rerunAsked) this.#rerun();
    else if (this.#tunnelOver) this.#closeTunnel();
    else this.#send();
  }

  /** There is no other answer after an upgrade, nor anybody to give it to when the client is gone. */
  #mayRerun(): boolean {
    const may = this.#upgrade === null && !this.gone;
    this.ctx.rerunAsked = may;
    return may;
  }

  /** The filter where the response phase stands wants another answer: its frame keeps the filters to the left (spec filters 9.3). */
  #rerun(): void {
    const ctx = this.ctx;
    const frame = ctx.frames[this.#frame]!;
    frame.executed = this.#filter;
    frame.reran = true;
    this.phase = Phase.request;
    this.error = null;
    this.#optedIn = false;
    this.reran = true;
    this.forward.dismiss();
    this.forward.target = null;
    this.client.dropBody();
    ctx.dropResponse(frame, this.#frame + 1);
    this.execute();
  }

  #send(): void {
    const ctx = this.ctx;
    ctx.applyFixedHead();
    this.sendingMs = this.filtersMs;
    this.phase = Phase.sending;
    this.debug?.responding(ctx, this.error);
    this.sender.start();
  }

  #closeTunnel(): void {
    this.phase = Phase.done;
    record.tunnel(this);
    this.ctx.release();
  }

  /** The response phase of one of the routes that the request went through is over. */
  #frameDone(frame: Frame): void {
    const now = performance.now();
    const passedMs = now - this.filtersMs;
    frame.route!.metrics.responseFilters(passedMs / 1000);
    if (frame.executed === 0) this.ownResponseMs += passedMs;
    this.filtersMs = now;
  }

  /** Goes on with the phase when a filter's promise is fulfilled. */
  #waitFor(promise: Promise<void>, phase: Phase): void {
    const turn = this.#turn;
    promise.then(
      () => {
        if (this.#turn !== turn || this.phase !== phase) return;
        if (phase === Phase.response) this.#afterResponseStep();
        else if (this.ctx.served) this.#requestFiltersDone();
        else this.#requestFilters();
      },
      (error: unknown) => {
        if (this.#turn !== turn || this.phase !== phase) return;
        if (phase === Phase.request) this.ctx.frame!.executed--;
        this.#panic(error);
      },
    );
  }

  /** A response filter that had to wait is done. */
  #afterResponseStep(): void {
    if (this.ctx.rerunAsked && this.#mayRerun()) this.#rerun();
    else this.#responseFilters();
  }

  #panic(error: unknown): void {
    this.ctx.rerunAsked = false;
    const isTimeout = error instanceof FilterTimeout;
    if (isTimeout) this.proxy.panics.report(`route ${this.ctx.routeId}: ${error.message}`, error.message);
    else this.proxy.panics.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (this.#tunnelOver) this.#closeTunnel();
    else this.fail(isTimeout ? filterDeadline : filterPanic);
  }

  /** The request failed: the client gets an error response; only filters that ask for it see it (spec proxy 7). */
  fail(error: ProxyError): void {
    if (this.phase === Phase.sending || this.phase === Phase.done) return;
    const failedBefore = this.error !== null;
    const filtersRun = this.phase === Phase.response;
    this.error = error;
    this.#turn++;
    this.#drain?.cancel();
    this.forward.cancel();
    this.#upgrade?.cancel();
    serveError(this.ctx, error);
    if (error === clientGone || error === malformedBody) this.client.closeAfter();
    if (!failedBefore) record.error(this, error);
    if (failedBefore) this.sendAsIs();
    else if (filtersRun) {
      // The filters that have not run yet see the error response.
      this.#optedIn = true;
      this.#responseFilters();
    } else this.responsePhase();
  }

  /** The whole response was handed to the client, or broke off (`complete` false). */
  finish(complete: boolean): void {
    if (this.phase === Phase.done) return;
    this.phase = Phase.done;
    if (this.ctx.requestTransforms !== null) this.forward.bodyOver();
    if (!this.#unrecorded) record.served(this, complete);
    this.ctx.release();
    if (complete) this.client.end();
    else this.client.abort();
  }

  /** The client is given an answer from before the routing: nothing is recorded (spec proxy 5). */
  refuse(status: number, headers: readonly (readonly [string, string])[], body: Body): void {
    this.ctx.serve(status, headers, body);
    this.#unrecorded = true;
    this.sendAsIs();
  }

  /** The response in the context goes out as it is, without response filters. */
  sendAsIs(): void {
    this.phase = Phase.sending;
    this.sendingMs = performance.now();
    this.debug?.responding(this.ctx, this.error);
    this.sender.start();
  }

  onClientGone(): void {
    if (this.phase === Phase.done || this.phase === Phase.tunnel || this.gone) return;
    this.gone = true;
    if (this.phase === Phase.sending) {
      if (this.ctx.depth > 0) record.streamingFailed(this, "the client is gone");
      this.forward.cancel();
      this.sender.breakOff("the client is gone");
    } else {
      this.fail(clientGone);
    }
  }

  onClientDrain(): void {
    if (this.phase === Phase.sending) this.sender.onDrain();
  }

  /** The connection is closed and no request runs. */
  onClosed(): void {
    this.ctx.release();
  }
}
