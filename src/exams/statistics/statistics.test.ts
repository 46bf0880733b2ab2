// Every statistic against scipy and statsmodels (vectors.json says with which command) and against research notes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from '../../kernel/random.ts';
import { bettingInterval } from './betting.ts';
import { breakEvenErrorCost, costPerSolved, expectedTaskCost } from './cost.ts';
import { climb, difficultyAt } from './ladder.ts';
import { adjustBenjaminiHochberg, adjustHolm } from './many-claims.ts';
import { mcnemarExact, minimumDetectableDifference, pairedSequence, tangoInterval } from './paired.ts';
import { clopperPearson, toClusteredRate, toFixedRate, toStoppedRate, wilson } from './rate.ts';
import { fitBetaBinomial, passAtK, passAtKOfFit, passHatK, passHatKOfFit } from './repeats.ts';
import {
  confidenceSequence,
  decide,
  estimateTrialsToDecision,
  isOpenWhatever,
  logEvidence,
} from './sequential.ts';
import { betaCdf, betaQuantile, logBeta, normalQuantile, studentQuantile } from './special-functions.ts';

const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8'));

function near(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual} instead of ${expected}`);
}

function nearInterval(
  actual: readonly number[],
  expected: readonly number[],
  tolerance: number,
  what: string,
): void {
  near(actual[0] ?? NaN, expected[0] ?? NaN, tolerance, `${what}, low`);
  near(actual[1] ?? NaN, expected[1] ?? NaN, tolerance, `${what}, high`);
}

test('special functions agree with scipy', () => {
  assert.ok(vectors.special.length > 50);
  for (const v of vectors.special) {
    near(betaCdf(v.x, v.a, v.b), v.betaCdf, 1e-9, `betaCdf ${JSON.stringify(v)}`);
    near(betaQuantile(v.x, v.a, v.b), v.betaQuantile, 1e-9, `betaQuantile ${JSON.stringify(v)}`);
    near(logBeta(v.a, v.b), v.logBeta, 1e-8, `logBeta ${JSON.stringify(v)}`);
  }
  for (const v of vectors.normal) {
    near(normalQuantile(v.p), v.quantile, 1e-9, 'normalQuantile');
    near(studentQuantile(19, v.p), v.t19, 1e-6, 'studentQuantile');
  }
});

test('Wilson and Clopper-Pearson agree with statsmodels and with the published vectors', () => {
  for (const v of vectors.wilson)
    nearInterval(wilson(v.successes, v.n), v.interval, 1e-9, `wilson ${v.successes}/${v.n}`);
  for (const v of vectors.clopperPearson)
    nearInterval(clopperPearson(v.successes, v.n), v.interval, 1e-9, `cp ${v.successes}/${v.n}`);
  nearInterval(wilson(30, 30), [0.886487, 1], 1e-6, '30 of 30');
  nearInterval(wilson(29, 30), [0.833296, 0.994091], 1e-6, '29 of 30');
  nearInterval(clopperPearson(30, 30), [0.884297, 1], 1e-6, '30 of 30 exact');
  const smallest = (ok: (n: number) => boolean): number =>
    [...Array(1000).keys()].find((n) => n > 0 && ok(n)) ?? -1;
  assert.deepEqual(
    [0.7, 0.8, 0.9, 0.95].map((target) => smallest((n) => wilson(n, n)[0] >= target)),
    [9, 16, 35, 73],
  );
});

test('no printed interval leaves [0, 1] or closes to a point, also at 30 of 30 and at 0 of 0', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
      const successes = Math.round(n * share);
      for (const { interval, rate } of [toFixedRate(successes, n), toStoppedRate(successes, n)]) {
        const [low, high] = interval;
        assert.ok(low >= 0 && high <= 1 && high - low > 0.001, `${low} to ${high}`);
        assert.ok(rate === null || (low <= rate && rate <= high), `${rate} outside ${low} to ${high}`);
      }
    }),
  );
});

test('evidence is the integral over the mixture, and the confidence sequence is where it is small', () => {
  for (const v of vectors.logEvidence)
    near(logEvidence(v, v.rate), v.value, 1e-8, `evidence ${v.successes}/${v.n}`);
  const [low, high] = confidenceSequence({ successes: 20, n: 30 }, 0.05);
  near(logEvidence({ successes: 20, n: 30 }, low), Math.log(20), 1e-6, 'at the low edge');
  near(logEvidence({ successes: 20, n: 30 }, high), Math.log(20), 1e-6, 'at the high edge');
});

test('the sequential test decides soon when the truth is far from the target, and says how far it is', () => {
  assert.equal(decide({ successes: 0, n: 3 }, 0.8, 0.05), 'below');
  assert.equal(decide({ successes: 0, n: 2 }, 0.8, 0.05), 'open');
  const n = [...Array(60).keys()].find((n) => decide({ successes: n, n }, 0.8, 0.05) === 'above');
  assert.equal(n, 24);
  assert.equal(estimateTrialsToDecision({ successes: 16, n: 20 }, 0.8, 0.05), null);
  assert.equal(estimateTrialsToDecision({ successes: 0, n: 9 }, 0.8, 0.05), 0);
  const more = estimateTrialsToDecision({ successes: 10, n: 10 }, 0.8, 0.05);
  assert.ok(more !== null && more > 10 && more < 60, String(more));
});

test('another item is asked only when no answer in flight could end the exam', () => {
  const rule = { target01: 0.8, alpha: 0.05, minimumTrials: 0 };
  assert.equal(isOpenWhatever({ successes: 0, n: 3 }, 2, { ...rule, minimumTrials: 6 }), true);
  assert.equal(isOpenWhatever({ successes: 0, n: 1 }, 1, rule), true);
  assert.equal(isOpenWhatever({ successes: 0, n: 1 }, 2, rule), false);
  assert.equal(isOpenWhatever({ successes: 0, n: 3 }, 0, rule), false);
});

test('clustered trials give wider intervals than independent ones, and never narrower than allowed', () => {
  const alike = Array.from({ length: 20 }, (_, i) => ({ successes: i % 2 === 0 ? 5 : 0, n: 5 }));
  const mixed = Array.from({ length: 20 }, (_, i) => ({ successes: i % 2 === 0 ? 3 : 2, n: 5 }));
  const width = ([low, high]: readonly [number, number]): number => high - low;
  const independent = width(clopperPearson(50, 100));
  assert.ok(width(toClusteredRate(alike).interval) > 1.8 * independent);
  assert.ok(width(toClusteredRate(mixed).interval) >= independent);
  assert.deepEqual(toClusteredRate([{ successes: 3, n: 9 }]).interval, [0, 1]);
  assert.ok(toClusteredRate(Array.from({ length: 10 }, () => ({ successes: 3, n: 3 }))).interval[0] < 0.72);
});

test('paired comparisons agree with statsmodels and with a numeric maximisation', () => {
  for (const v of vectors.mcnemar)
    near(mcnemarExact({ n: 40, ...v }), v.p, 1e-9, `mcnemar ${v.onlyA} ${v.onlyB}`);
  for (const v of vectors.tango)
    nearInterval(tangoInterval(v), v.interval, 2e-5, `tango ${v.n} ${v.onlyA} ${v.onlyB}`);
  const same = { n: 100, onlyA: 0, onlyB: 0 };
  assert.ok(minimumDetectableDifference(same) > 0.01);
  near(
    minimumDetectableDifference({ n: 1000, onlyA: 55, onlyB: 55 }),
    0.0294,
    0.001,
    'three points at a thousand items',
  );
  const [low, high] = pairedSequence(Array.from({ length: 80 }, (_, i) => (i % 4 === 0 ? 0 : 1)));
  assert.ok(low > 0.4 && high <= 1);
});

test('betting bounds agree with the products written out, and hold the truth', () => {
  nearInterval(bettingInterval(vectors.betting.values), vectors.betting.interval, 1.1e-3, 'betting');
  assert.deepEqual(bettingInterval([]), [0, 1]);
});

test('Holm and Benjamini-Hochberg agree with statsmodels', () => {
  const { p, holm, benjaminiHochberg } = vectors.adjusted;
  adjustHolm(p).forEach((value, i) => near(value, holm[i], 1e-12, `holm ${i}`));
  adjustBenjaminiHochberg(p).forEach((value, i) => near(value, benjaminiHochberg[i], 1e-12, `bh ${i}`));
});

test('pass@k and pass^k count as the definitions say, and the beta-binomial fit agrees with scipy', () => {
  const items = [
    { successes: 2, n: 4 },
    { successes: 0, n: 4 },
    { successes: 4, n: 4 },
  ];
  near(passAtK(items, 2), (5 / 6 + 0 + 1) / 3, 1e-12, 'pass@2');
  near(passHatK(items, 2), (1 / 6 + 0 + 1) / 3, 1e-12, 'pass^2');
  assert.throws(() => passAtK(items, 5), RangeError);
  const fit = fitBetaBinomial(vectors.betaBinomial.counts);
  near(fit.alpha / vectors.betaBinomial.fit[0], 1, 1e-3, 'alpha');
  near(fit.beta / vectors.betaBinomial.fit[1], 1, 1e-3, 'beta');
  near(passAtKOfFit(fit, 1), fit.alpha / (fit.alpha + fit.beta), 1e-9, 'pass@1 of fit');
  near(passHatKOfFit(fit, 1), passAtKOfFit(fit, 1), 1e-9, 'pass^1 of fit');
});

test('cost per solved task has an interval, and is unbounded above when nothing was solved', () => {
  const items = Array.from({ length: 40 }, (_, i) => ({ cost: 2, isSolved: i % 2 === 0 }));
  const result = costPerSolved(items, createSeededRandom(5));
  assert.equal(result.value, 4);
  assert.ok(result.interval[0] < 4 && (result.interval[1] ?? 0) > 4);
  const none = costPerSolved(
    items.map(({ cost }) => ({ cost, isSolved: false })),
    createSeededRandom(5),
  );
  assert.equal(none.value, null);
  assert.equal(none.interval[1], null);
  assert.ok(none.interval[0] > 20);
  near(expectedTaskCost(1, 0.9, 5), 1.5, 1e-12, 'price with errors');
  near(
    breakEvenErrorCost({ meanCost: 1, rate01: 0.5 }, { meanCost: 3, rate01: 0.9 }) ?? NaN,
    5,
    1e-12,
    'break-even',
  );
  assert.equal(breakEvenErrorCost({ meanCost: 3, rate01: 0.5 }, { meanCost: 1, rate01: 0.9 }), null);
});

test('the ladder moves toward where the subject succeeds half of the time', () => {
  const options = { difficulties: [-3, -2, -1, 0, 1, 2, 3] };
  assert.equal(climb(options, []).nextRung, 4);
  const good = climb(
    options,
    [4, 5, 6].map((rung) => ({ rung, isCorrect: true })),
  );
  assert.ok(good.ability > 1.5 && good.nextRung >= 5);
  near(difficultyAt(1, 0.5), 1, 1e-12, 'half');
  assert.ok(difficultyAt(1, 0.8) < 1);
});
