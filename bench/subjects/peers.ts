// The peers, configured to do what the benchmark's route does: host and path prefix, one header set, the forwarded headers,
// keep-alive on both sides, one thread, no access log. A peer that is not installed is left out.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { benchHost } from "./names.ts";
import { freePort, hasProgram, type Running, start, subjectCore, whenAnswers, workFolder } from "./running.ts";

type Peer = "nginx" | "haproxy" | "caddy";

/** Starts the peers that are installed, each in front of the backend. */
export async function startPeers(names: readonly Peer[], backendPort: number): Promise<Running[]> {
  const started: Running[] = [];
  for (const name of names) {
    if (!hasProgram(name)) continue;
    const running = await startPeer(name, backendPort);
    await whenAnswers(running, benchHost, "/api/ready");
    started.push(running);
  }
  return started;
}

async function startPeer(name: Peer, backendPort: number): Promise<Running> {
  const port = await freePort();
  const file = path.join(workFolder(), `${name}-${port}.conf`);
  writeFileSync(file, configs[name](port, backendPort, file));
  const args = {
    nginx: ["-c", file],
    haproxy: ["-f", file],
    caddy: ["run", "--adapter", "caddyfile", "--config", file],
  };
  return start(name, subjectCore, port, name, args[name]);
}

const nginxProxy = `
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Bench 1;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto http;
      proxy_request_buffering off;
      proxy_max_temp_file_size 0;
    `;

const configs: Readonly<Record<Peer, (port: number, backend: number, file: string) => string>> = {
  nginx: (port, backend, file) => `
daemon off; master_process off; worker_processes 1; pid ${file}.pid; error_log ${file}.log crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 1h; client_max_body_size 0; client_body_temp_path ${file}.body;
  proxy_temp_path ${file}.temp;
  upstream backend { server 127.0.0.1:${backend}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096; server_name ${benchHost};
    location /api {${nginxProxy}}
    location /big {${nginxProxy}}
  }
}
`,
  haproxy: (port, backend) => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  option http-keep-alive
  http-reuse always
frontend bench
  bind 127.0.0.1:${port}
  acl bench_host req.hdr(host),field(1,:) -i ${benchHost}
  acl bench_path path_beg /api /big
  use_backend bench if bench_host bench_path
backend bench
  option forwardfor
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Bench 1
  server backend 127.0.0.1:${backend}
`,
  caddy: (port, backend) => `
{
  admin off
  auto_https off
}
http://${benchHost}:${port} {
  bind 127.0.0.1
  @bench path /api* /big*
  reverse_proxy @bench 127.0.0.1:${backend} {
    header_up X-Bench 1
  }
}
`,
};
