// What our intervals and stopping rules promise, by exact sums where possible and by simulation where not.
// Needs no network, no weights; about 20 s. GRADUS_TEST_ALL=1 takes finer grids (about 3 minutes).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSeededRandom, type RandomSource } from '../../src/kernel/random.ts';
import { bettingInterval } from '../../src/exams/statistics/betting.ts';
import { climb } from '../../src/exams/statistics/ladder.ts';
import { pairedSequence, tangoInterval } from '../../src/exams/statistics/paired.ts';
import { clopperPearson, toClusteredRate } from '../../src/exams/statistics/rate.ts';
import { confidenceSequence, decide, type Decision } from '../../src/exams/statistics/sequential.ts';
import { logBeta, normalQuantile } from '../../src/exams/statistics/special-functions.ts';

const isFull = process.env['GRADUS_TEST_ALL'] === '1';
const rates = isFull
  ? [...Array(97).keys()].map((i) => (i + 2) / 100)
  : [0.02, 0.031, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98];
const sizes = isFull
  ? [10, 11, 12, 13, 15, 17, 18, 20, 25, 30, 40, 50, 75, 100, 150, 250, 400, 700, 1000]
  : [10, 13, 18, 30, 60, 100, 300, 1000];

function binomialMass(k: number, n: number, p: number): number {
  return Math.exp(-Math.log(n + 1) - logBeta(k + 1, n - k + 1) + k * Math.log(p) + (n - k) * Math.log(1 - p));
}

test('the interval of a fixed sample covers at least 93 of 100 for every n from 10 to 1000 and p from 0.02 to 0.98', (t) => {
  let worst = { coverage: 1, n: 0, p: 0 };
  for (const n of sizes) {
    const intervals = [...Array(n + 1).keys()].map((k) => clopperPearson(k, n));
    for (const p of rates) {
      const coverage = intervals.reduce(
        (sum, [low, high], k) => (low <= p && p <= high ? sum + binomialMass(k, n, p) : sum),
        0,
      );
      if (coverage < worst.coverage) worst = { coverage, n, p };
    }
  }
  t.diagnostic(`worst coverage ${worst.coverage.toFixed(4)} at n = ${worst.n}, p = ${worst.p}`);
  assert.ok(worst.coverage >= 0.93, JSON.stringify(worst));
});

test('the interval over clusters covers at least 93 of 100, from independent to fully dependent trials', (t) => {
  const random = createSeededRandom(11);
  const draws = isFull ? 4000 : 1000;
  let worst = { coverage: 1, at: '' };
  for (const clusters of [10, 30, 120]) {
    for (const size of [2, 5]) {
      for (const share of [0, 0.3, 1]) {
        for (const p of [0.02, 0.1, 0.5, 0.8, 0.98]) {
          let covered = 0;
          for (let draw = 0; draw < draws; draw++) {
            const [low, high] = toClusteredRate(drawClusters(random, { clusters, size, share, p })).interval;
            if (low <= p && p <= high) covered++;
          }
          const coverage = covered / draws;
          if (coverage < worst.coverage)
            worst = { coverage, at: `${clusters} clusters of ${size}, dependence ${share}, p = ${p}` };
        }
      }
    }
  }
  t.diagnostic(`worst coverage ${worst.coverage.toFixed(4)} at ${worst.at}`);
  // The bound leaves room for chance: 90 cells of 1,000 draws, three standard deviations of each.
  assert.ok(worst.coverage >= (isFull ? 0.93 : 0.92), JSON.stringify(worst));
});

test('the confidence sequence holds the truth at every look in at least 95 of 100 exams', (t) => {
  const random = createSeededRandom(12);
  const looks = 300;
  for (const p of [0.02, 0.5, 0.8, 0.98]) {
    const intervals = new Map<number, readonly [number, number]>();
    let held = 0;
    const exams = isFull ? 4000 : 1000;
    for (let exam = 0; exam < exams; exam++) {
      let successes = 0;
      let holds = true;
      for (let n = 1; n <= looks && holds; n++) {
        if (random.next01() < p) successes++;
        const key = n * 1000 + successes;
        let interval = intervals.get(key);
        if (interval === undefined)
          intervals.set(key, (interval = confidenceSequence({ successes, n }, 0.05)));
        holds = interval[0] <= p && p <= interval[1];
      }
      if (holds) held++;
    }
    t.diagnostic(`p = ${p}: held in ${held} of ${exams}`);
    assert.ok(held / exams >= 0.94, `p = ${p}: ${held}`);
  }
});

/** Decisions depend on counts only; a table makes 10,000 exams quick. */
function runExam(
  random: RandomSource,
  p: number,
  cap: number,
  table: Map<number, Decision>,
): { decision: Decision; n: number } {
  let successes = 0;
  for (let n = 1; n <= cap; n++) {
    if (random.next01() < p) successes++;
    const key = n * 1000 + successes;
    let decision = table.get(key);
    if (decision === undefined) table.set(key, (decision = decide({ successes, n }, 0.8, 0.05)));
    if (decision !== 'open') return { decision, n };
  }
  return { decision: 'open', n: cap };
}

test('10,000 exams at the target itself end with a wrong verdict in at most 5 of 100', (t) => {
  const table = new Map<number, Decision>();
  const random = createSeededRandom(13);
  let wrong = 0;
  for (let exam = 0; exam < 10_000; exam++) if (runExam(random, 0.8, 400, table).decision !== 'open') wrong++;
  t.diagnostic(`wrong verdicts: ${wrong} of 10000`);
  assert.ok(wrong <= 500, String(wrong));
});

test('naive peeking at an interval would be wrong several times as often', (t) => {
  const random = createSeededRandom(14);
  const z = normalQuantile(0.975);
  let wrong = 0;
  for (let exam = 0; exam < 2000; exam++) {
    let successes = 0;
    for (let n = 1; n <= 200; n++) {
      if (random.next01() < 0.8) successes++;
      const scale = 1 + (z * z) / n;
      const centre = (successes / n + (z * z) / (2 * n)) / scale;
      const half =
        (z / scale) * Math.sqrt(((successes / n) * (1 - successes / n)) / n + (z * z) / (4 * n * n));
      if (n >= 5 && Math.abs(centre - 0.8) > half) {
        wrong++;
        break;
      }
    }
  }
  t.diagnostic(`wrong verdicts by peeking: ${wrong} of 2000`);
  assert.ok(wrong / 2000 > 0.15);
});

test('a verdict takes at most 30 items on average when the true rate is 0.99 or 0.5 against 0.8', (t) => {
  const table = new Map<number, Decision>();
  for (const [p, right] of [
    [0.99, 'above'],
    [0.5, 'below'],
  ] as const) {
    const random = createSeededRandom(15);
    let items = 0;
    let correct = 0;
    for (let exam = 0; exam < 4000; exam++) {
      const { decision, n } = runExam(random, p, 400, table);
      items += n;
      if (decision === right) correct++;
    }
    t.diagnostic(`p = ${p}: ${(items / 4000).toFixed(1)} items, right ${correct} of 4000`);
    assert.ok(items / 4000 <= 30, `${p}: ${items / 4000}`);
    assert.ok(correct / 4000 > 0.98);
  }
});

test('betting bounds and paired sequences hold the truth at any stop', () => {
  const random = createSeededRandom(16);
  let missed = 0;
  const exams = isFull ? 1000 : 300;
  for (let exam = 0; exam < exams; exam++) {
    const values = Array.from({ length: 60 }, () =>
      random.next01() < 0.3 ? 1 : random.next01() < 0.5 ? 0.5 : 0,
    );
    const [low, high] = bettingInterval(values);
    if (low > 0.475 || high < 0.475) missed++;
  }
  assert.ok(missed / exams <= 0.05, String(missed));
});

test('the Tango interval covers the difference of two settings in at least 93 of 100 comparisons', (t) => {
  const random = createSeededRandom(17);
  const draws = isFull ? 3000 : 600;
  let worst = 1;
  for (const n of [30, 120]) {
    for (const [onlyA, onlyB] of [
      [0.1, 0.05],
      [0.3, 0.1],
      [0.2, 0.2],
    ] as const) {
      let covered = 0;
      let sequences = 0;
      for (let draw = 0; draw < draws; draw++) {
        const values = Array.from({ length: n }, () => {
          const u = random.next01();
          return u < onlyA ? 1 : u < onlyA + onlyB ? -1 : 0;
        });
        const count = {
          n,
          onlyA: values.filter((v) => v === 1).length,
          onlyB: values.filter((v) => v === -1).length,
        };
        const [low, high] = tangoInterval(count);
        if (low <= onlyA - onlyB && onlyA - onlyB <= high) covered++;
        if (draw < 60) {
          const [from, to] = pairedSequence(values);
          if (from <= onlyA - onlyB && onlyA - onlyB <= to) sequences++;
        }
      }
      worst = Math.min(worst, covered / draws);
      assert.ok(sequences >= 54, `${sequences} of 60 sequences hold the difference`);
    }
  }
  t.diagnostic(`worst coverage ${worst.toFixed(3)}`);
  assert.ok(worst >= (isFull ? 0.93 : 0.92), String(worst));
});

test('the adaptive ladder reaches a standard error of 0.3 in at most 25 items, with bias below 0.1', (t) => {
  const options = { difficulties: [...Array(11).keys()].map((i) => i / 2 - 2.5) };
  const random = createSeededRandom(18);
  let items = 0;
  let climbs = 0;
  let worstBias = 0;
  for (const truth of [-2.5, -1.25, 0, 1.25, 2.5]) {
    let sum = 0;
    const repeats = isFull ? 300 : 60;
    for (let i = 0; i < repeats; i++) {
      const answers: { rung: number; isCorrect: boolean }[] = [];
      let state = climb(options, answers);
      while (state.standardError > 0.3 && answers.length < 60) {
        const p = 1 / (1 + Math.exp(-1.5 * (truth - (options.difficulties[state.nextRung - 1] ?? 0))));
        answers.push({ rung: state.nextRung, isCorrect: random.next01() < p });
        state = climb(options, answers);
      }
      items += answers.length;
      climbs++;
      sum += state.ability - truth;
    }
    worstBias = Math.max(worstBias, Math.abs(sum / repeats));
  }
  t.diagnostic(`${(items / climbs).toFixed(1)} items on average, worst bias ${worstBias.toFixed(3)}`);
  assert.ok(items / climbs <= 25, String(items / climbs));
  // 60 climbs of standard error 0.3 leave the mean uncertain by 0.04.
  assert.ok(worstBias < (isFull ? 0.1 : 0.15), String(worstBias));
});

function drawClusters(
  random: RandomSource,
  { clusters, size, share, p }: { clusters: number; size: number; share: number; p: number },
): { successes: number; n: number }[] {
  return Array.from({ length: clusters }, () => {
    const common = random.next01() < p;
    let successes = 0;
    for (let i = 0; i < size; i++) if (random.next01() < share ? common : random.next01() < p) successes++;
    return { successes, n: size };
  });
}
