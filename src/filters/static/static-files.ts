// static: answers with files of a directory (spec filters 7.1). The one filter that reads files while a request waits.

import { statSync } from "node:fs";
import { bytes, string } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { serveFile } from "./serve-file.ts";

export const staticFiles = defineFilter({
  name: "static",
  summary: "Answers with files: what follows the prefix in the request path is looked up in the directory.",
  details:
    "Directories show their index.html or a list. Ranges and conditional requests are supported. The directory must exist when the route is built; nothing outside of it can be reached by the path, but symbolic links are followed.",
  args: [one("prefix", bytes), one("directory", string)],
  examples: [{ route: '* -> static("/files", "/") -> <shunt>', send: { path: "/none" }, expect: { status: 404 } }],
  check([, directory]) {
    try {
      statSync(directory);
      return "";
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return `Invalid parameter for root path. File ${directory} does not exist or is not accessible: ${reason}`;
    }
  },
  create: ([prefix, directory]) => ({
    request: (ctx) => serveFile(ctx, prefix, Buffer.from(directory)),
  }),
});
