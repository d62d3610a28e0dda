import assert from "node:assert/strict";
import { test } from "node:test";
import { Codahale } from "./codahale.ts";
import { MetricsHub } from "./metrics-hub.ts";
import { defaultMetricsSettings } from "./metrics-settings.ts";

function timerOf(codahale: Codahale, key: string): Record<string, number> {
  return JSON.parse(codahale.json(key)!).timers[key];
}

test("rates: the first tick sets them, later ones move them by 1 - e^(-5/60/minutes)", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const codahale = new Codahale(hub);
  const timer = hub.main.customDuration("t");
  for (let i = 0; i < 50; i++) timer.observe(0.001);
  assert.equal(timerOf(codahale, "t")["1m.rate"], 0);
  codahale.tick();
  for (const rate of ["1m.rate", "5m.rate", "15m.rate"]) assert.equal(timerOf(codahale, "t")[rate], 10);
  codahale.tick();
  const after = timerOf(codahale, "t");
  for (const minutes of [1, 5, 15]) {
    assert.ok(Math.abs(after[`${minutes}m.rate`]! - 10 * Math.exp(-5 / 60 / minutes)) < 1e-9, `${minutes} minutes`);
  }
  codahale.close();
});

test("mean and deviation are those of all values", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const codahale = new Codahale(hub);
  for (const seconds of [0.002, 0.004, 0.004, 0.004, 0.005, 0.005, 0.007, 0.009]) {
    hub.main.customDuration("t").observe(seconds);
  }
  const { count, min, max, mean, stddev } = timerOf(codahale, "t");
  assert.deepEqual([count, min, max], [8, 2e6, 9e6]);
  assert.ok(Math.abs(mean! - 5e6) < 1 && Math.abs(stddev! - 2e6) < 1);
  codahale.close();
});

test("a decaying sample forgets what was long ago", () => {
  for (const decayingSample of [false, true]) {
    const hub = new MetricsHub({ ...defaultMetricsSettings(), decayingSample });
    const codahale = new Codahale(hub);
    const timer = hub.main.customDuration("t");
    for (let i = 0; i < 1000; i++) timer.observe(1);
    for (let tick = 0; tick < 120; tick++) codahale.tick();
    for (let i = 0; i < 100; i++) timer.observe(0.001);
    const { median } = timerOf(codahale, "t");
    if (decayingSample) assert.ok(median! < 0.0012 * 1e9, `${median}`);
    else assert.ok(median! > 0.8 * 1e9, `${median}`);
    codahale.close();
  }
});
