/**
 * What the exams cost and promise, measured: time to make and grade items, items to a verdict, wrong verdicts,
 * and the adaptive ladder. `node bench/exams.ts` takes about a minute; `--json` prints data.
 */
import { builtInFamilies } from '../src/exams/registry.ts';
import { createItem } from '../src/exams/family.ts';
import { climb } from '../src/exams/statistics/ladder.ts';
import { clopperPearson } from '../src/exams/statistics/rate.ts';
import { decide, type Decision } from '../src/exams/statistics/sequential.ts';
import { logBeta } from '../src/exams/statistics/special-functions.ts';
import { createSeededRandom, type RandomSource } from '../src/kernel/random.ts';

const result = {
  worstCoverage: worstCoverage(),
  verdicts: [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99].map(measureVerdicts),
  ladder: measureLadder(),
  items: builtInFamilies.map((family) => ({
    family: family.name,
    msPerItem: family.rungs.map((_, index) => {
      const startMs = performance.now();
      for (let i = 0; i < 10; i++) {
        const item = createItem(family, {
          language: i % 2 === 0 ? 'en' : 'zh',
          rung: index + 1,
          seed: `bench/${i}`,
        });
        if (!item.grade(item.witness).correct) throw new Error(`${item.id}: the witness fails`);
      }
      return Number(((performance.now() - startMs) / 10).toFixed(2));
    }),
  })),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else {
  console.log(
    `worst coverage of a printed 95% interval, n 10 to 1000, p 0.02 to 0.98: ${result.worstCoverage.toFixed(4)}`,
  );
  console.log(
    'true rate   mean items   right    wrong   open   (target 0.8, alpha 0.05, at most 400 items, 10,000 exams)',
  );
  for (const { rate, meanItems, right, wrong, open } of result.verdicts) {
    console.log(
      `${rate.toFixed(2).padStart(9)} ${meanItems.toFixed(1).padStart(12)} ${String(right).padStart(7)} ${String(wrong).padStart(8)} ${String(open).padStart(6)}`,
    );
  }
  console.log(
    `ladder to a standard error of 0.3: ${result.ladder.meanItems.toFixed(1)} items, worst bias ${result.ladder.worstBias.toFixed(3)}`,
  );
  for (const { family, msPerItem } of result.items)
    console.log(`${family.padEnd(18)} ms an item by rung: ${msPerItem.join('  ')}`);
}

function worstCoverage(): number {
  let worst = 1;
  for (const n of [10, 11, 13, 16, 20, 25, 32, 40, 50, 70, 100, 200, 400, 700, 1000]) {
    const intervals = Array.from({ length: n + 1 }, (_, k) => clopperPearson(k, n));
    for (let p = 0.02; p <= 0.981; p += 0.005) {
      const coverage = intervals.reduce((sum, [low, high], k) => {
        const mass = Math.exp(
          -Math.log(n + 1) - logBeta(k + 1, n - k + 1) + k * Math.log(p) + (n - k) * Math.log(1 - p),
        );
        return low <= p && p <= high ? sum + mass : sum;
      }, 0);
      worst = Math.min(worst, coverage);
    }
  }
  return worst;
}

interface Verdicts {
  readonly rate: number;
  readonly meanItems: number;
  readonly right: number;
  readonly wrong: number;
  readonly open: number;
}

function measureVerdicts(rate: number): Verdicts {
  const random = createSeededRandom(Math.round(rate * 1000));
  const table = new Map<number, Decision>();
  let [items, right, wrong, open] = [0, 0, 0, 0];
  for (let exam = 0; exam < 10_000; exam++) {
    const { decision, n } = runOne(random, rate, table);
    items += n;
    if (decision === 'open') open++;
    else if (rate !== 0.8 && (decision === 'above') === rate > 0.8) right++;
    else wrong++;
  }
  return { rate, meanItems: items / 10_000, right, wrong, open };
}

function runOne(
  random: RandomSource,
  rate: number,
  table: Map<number, Decision>,
): { decision: Decision; n: number } {
  let successes = 0;
  for (let n = 1; n <= 400; n++) {
    if (random.next01() < rate) successes++;
    const key = n * 1000 + successes;
    const decision = table.get(key) ?? decide({ successes, n }, 0.8, 0.05);
    table.set(key, decision);
    if (decision !== 'open') return { decision, n };
  }
  return { decision: 'open', n: 400 };
}

function measureLadder(): { meanItems: number; worstBias: number } {
  const options = { difficulties: Array.from({ length: 11 }, (_, i) => i / 2 - 2.5) };
  const random = createSeededRandom(99);
  let [items, climbs, worstBias] = [0, 0, 0];
  for (const truth of [-2.5, -1, 0, 1, 2.5]) {
    let sum = 0;
    for (let i = 0; i < 200; i++) {
      const answers: { rung: number; isCorrect: boolean }[] = [];
      let state = climb(options, answers);
      while (state.standardError > 0.3 && answers.length < 60) {
        const difficulty = options.difficulties[state.nextRung - 1] ?? 0;
        const isCorrect = random.next01() < 1 / (1 + Math.exp(-1.5 * (truth - difficulty)));
        answers.push({ rung: state.nextRung, isCorrect });
        state = climb(options, answers);
      }
      items += answers.length;
      climbs++;
      sum += state.ability - truth;
    }
    worstBias = Math.max(worstBias, Math.abs(sum / 200));
  }
  return { meanItems: items / climbs, worstBias };
}
