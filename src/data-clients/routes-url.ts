// Source of routes: an eskip document on a server, polled with its ETag (spec route-sources 2.3). The first download must succeed;
// from then on whatever fails leaves the last routes in force. An answer without routes counts only when the server says so.

import type { Logger } from "../observability/log.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { Downloader } from "./download.ts";
import { ContentFailure, MemoryContent } from "./route-content.ts";
import { RouteDocument } from "./route-document.ts";

export interface RoutesUrlOptions {
  readonly url: string;
  /** Pause between two polls in milliseconds. */
  readonly pollMs: number;
  /** Limit of one download in milliseconds, 0: none. */
  readonly timeoutMs: number;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Logger;
}

export class RoutesUrl implements DataClient {
  readonly name = "eskipfile-remote";
  readonly #options: RoutesUrlOptions;
  readonly #downloader: Downloader;
  readonly #document: RouteDocument;
  #host: DataClientHost | null = null;
  #timer: NodeJS.Timeout | undefined;
  #etag = "";
  /** Why the content that the ETag stands for was refused, "" when it was not. */
  #refused = "";
  /** True until a load succeeds: at first, and after an update that failed. */
  #fullLoad = true;

  constructor(options: RoutesUrlOptions) {
    this.#options = options;
    this.#document = new RouteDocument(options.url);
    this.#downloader = new Downloader(options.timeoutMs, options.env);
  }

  async start(host: DataClientHost): Promise<void> {
    const { url, log } = this.#options;
    log.info(`Watch routes url: ${JSON.stringify(url)}`);
    this.#host = host;
    const reason = await this.#load(host);
    if (reason !== "" && this.#refused === "") {
      this.stop();
      throw new Error(`error while loading routes from url ${url}: ${reason}`);
    }
    if (reason !== "") this.#reportLoad(host, reason);
    this.#pollLater();
  }

  stop(): void {
    this.#host = null;
    clearTimeout(this.#timer);
    this.#downloader.close();
  }

  #pollLater(): void {
    if (this.#host === null) return;
    this.#timer = setTimeout(async () => {
      if (this.#host !== null) await this.#poll(this.#host);
      this.#pollLater();
    }, this.#options.pollMs);
  }

  /** An update, or after one that failed a full load; the two differ only in what is said when they fail. */
  async #poll(host: DataClientHost): Promise<void> {
    if (!this.#fullLoad) {
      const reason = await this.#load(host);
      if (reason === "" || this.#host === null) return;
      this.#reportUpdate(host, reason);
    }
    const reason = await this.#load(host);
    if (reason !== "" && this.#host !== null) this.#reportLoad(host, reason);
  }

  /** One download and what follows from it; the reason when it failed, else "". */
  async #load(host: DataClientHost): Promise<string> {
    const { url } = this.#options;
    try {
      const { status, headers, body } = await this.#downloader.get(url, this.#etag);
      if (this.#host === null) return "";
      if (status === 304 && this.#etag !== "") {
        this.#fullLoad = this.#refused !== "";
        return this.#refused;
      }
      if (status !== 200) return `failed to download remote file ${url}, status code: ${status}`;
      if (body.length === 0 && headers["x-count"] !== "0") {
        this.#etag = "";
        this.#refused = `remote file ${url} is empty`;
        return this.#refused;
      }
      this.#etag = headers.etag ?? "";
      this.#refused = "";
      this.#document.accept(new MemoryContent(body), host);
      this.#fullLoad = false;
      return "";
    } catch (cause) {
      if (cause instanceof ContentFailure) this.#refused = cause.message;
      return cause instanceof Error ? cause.message : String(cause);
    }
  }

  #reportUpdate(host: DataClientHost, reason: string): void {
    const { log, url } = this.#options;
    this.#fullLoad = true;
    log.error("LoadUpdate from remote URL failed. Trying to LoadAll");
    log.error(
      `RemoteEskipFile LoadUpdate ${url} failed. Skipper continues to serve the last successfully updated routes. Error: ${reason}`,
    );
    host.failed(false, reason);
  }

  #reportLoad(host: DataClientHost, reason: string): void {
    this.#options.log.error("LoadAll from remote URL failed. Continue using the last loaded routes");
    host.failed(true, reason);
  }
}
