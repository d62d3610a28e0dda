// `node scripts/check-deploy.ts`: prints what is wrong with deploy/, as far as it can be seen without a cluster, and ends with 1 when
// something is. The chart is rendered by scripts/chart.test.ts, where helm is there.

import { globSync, readFileSync } from "node:fs";
import process from "node:process";
import { parse } from "yaml";
import {
  at,
  checkArguments,
  checkDockerfile,
  checkReferences,
  checkSchema,
  checkValues,
  type Manifest,
  readManifests,
} from "./deployment.ts";
import { root } from "./registries.ts";

const read = (name: string) => readFileSync(at(name), "utf8");
const problems: string[] = [];
const all: Manifest[] = [];
for (const file of globSync("deploy/kubernetes/**/*.yaml", { cwd: root }).sort()) {
  const { manifests, problems: found } = readManifests(read(file));
  problems.push(...found.map((text) => `${file}: ${text}`));
  const faults = manifests.flatMap(checkSchema);
  problems.push(...faults.map((text) => `${file}: ${text}`));
  // What is not of its schema is not read further.
  if (faults.length === 0) all.push(...manifests);
}
problems.push(...checkReferences(all), ...checkArguments(all));
problems.push(...checkDockerfile(read("deploy/Dockerfile"), read(".dockerignore")));
problems.push(...checkValues(parse(read("deploy/chart/values.yaml"))));
if (read("deploy/chart/crds/routegroup-crd.yaml") !== read("deploy/kubernetes/routegroup-crd.yaml")) {
  problems.push("deploy/chart/crds/routegroup-crd.yaml: not the same as deploy/kubernetes/routegroup-crd.yaml");
}

for (const problem of problems) console.log(problem);
console.log(`${all.length} objects, ${problems.length} faults in deploy/`);
process.exitCode = problems.length === 0 ? 0 : 1;
