/**
 * The cheapest way through a weighted graph. Any cheapest way is right: the grader adds up the given way,
 * it does not compare it with one of several solutions.
 */
import { createLineTask } from '../answer-line.ts';
import { at, integerBetween, pickOne, pickSome, range } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import { readMentions } from '../reading.ts';
import { townNames } from '../words.ts';
import type { RandomSource } from '../../kernel/random.ts';

const shapes = [
  { nodes: 5, roads: 7 },
  { nodes: 7, roads: 11 },
  { nodes: 9, roads: 16 },
  { nodes: 13, roads: 26 },
  { nodes: 20, roads: 44 },
  { nodes: 30, roads: 80 },
  { nodes: 40, roads: 150 },
];

interface Road {
  readonly a: number;
  readonly b: number;
  readonly km: number;
}

export const graphPath: Family = {
  name: 'graph-path',
  version: 1,
  level: 2,
  title: { en: 'Cheapest way in a graph', zh: '最短路线' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ roads }, index) => ({
    size: roads,
    chance01: [0.2, 0.12, 0.1, 0.06, 0.05, 0.05, 0.05][index] ?? 0.05,
  })),
  createTask({ language, rung, random }) {
    const { nodes, roads: count } = at(shapes, rung - 1);
    const names = pickSome(random, townNames[language], nodes);
    let roads: Road[];
    let way: number[];
    // A one-road or two-road solution on a larger map would be found by a glance.
    do {
      roads = createRoads(random, nodes, count);
      way = findCheapestWay(roads, nodes, 0, nodes - 1);
    } while (way.length < (rung === 1 ? 3 : 4));
    const best = measureWay(roads, way) ?? 0;
    const [start, goal] = [at(names, 0), at(names, nodes - 1)];
    const write = (path: readonly number[]): string => path.map((node) => at(names, node)).join(' - ');
    return createLineTask({
      language,
      question: sayQuestion({ language, roads, names, start, goal }),
      puzzle: { nodes, roads: roads.map(({ a, b, km }) => ({ a, b, km })), best, names },
      form: language === 'en' ? `${start} - ... - ${goal}` : `${start} - …… - ${goal}`,
      value: write(way),
      slips: [
        write([0, nodes - 1]),
        write(way.toReversed()),
        write(way.slice(0, -1)),
        write([...way, 0]),
      ].filter((_, index) => index !== 0 || !roads.some((road) => joins(road, 0, nodes - 1))),
      guess: (dice) => write(wander(dice, roads, nodes)),
      read: (area) => {
        const path = readMentions(
          area,
          names.map((name) => [name]),
        );
        return path.length === 0 ? null : write(path);
      },
      check: (reading) => {
        const path = readMentions(
          reading,
          names.map((name) => [name]),
        );
        if (path[0] !== 0 || path.at(-1) !== nodes - 1) return 'starts or ends at the wrong place';
        const km = measureWay(roads, path);
        if (km === null) return 'uses a road that does not exist';
        return km === best ? null : `${km} km instead of ${best}`;
      },
    });
  },
};

function joins({ a, b }: Road, from: number, to: number): boolean {
  return (a === from && b === to) || (a === to && b === from);
}

/** A random tree, so that all is reachable, and more roads between random places. */
function createRoads(random: RandomSource, nodes: number, count: number): Road[] {
  const roads: Road[] = [];
  const add = (a: number, b: number): void => {
    if (a !== b && !roads.some((road) => joins(road, a, b)))
      roads.push({ a, b, km: integerBetween(random, 2, 40) });
  };
  for (let node = 1; node < nodes; node++) add(integerBetween(random, Math.max(0, node - 4), node - 1), node);
  while (roads.length < count)
    add(integerBetween(random, 0, nodes - 1), integerBetween(random, 0, nodes - 1));
  return roads.toSorted((x, y) => x.km - y.km || x.a - y.a);
}

function neighbours(roads: readonly Road[], node: number): { to: number; km: number }[] {
  return roads.flatMap(({ a, b, km }) => (a === node ? [{ to: b, km }] : b === node ? [{ to: a, km }] : []));
}

/** Dijkstra's algorithm; places are few, so a plain scan finds the nearest. */
function findCheapestWay(roads: readonly Road[], nodes: number, start: number, goal: number): number[] {
  const best = range(nodes).map((node) => (node === start ? 0 : Infinity));
  const before = new Map<number, number>();
  const open = new Set(range(nodes));
  while (open.size > 0) {
    const here = [...open].reduce((x, y) => (at(best, y) < at(best, x) ? y : x));
    open.delete(here);
    for (const { to, km } of neighbours(roads, here)) {
      if (at(best, here) + km < at(best, to)) {
        best[to] = at(best, here) + km;
        before.set(to, here);
      }
    }
  }
  const way = [goal];
  for (let node = before.get(goal); node !== undefined; node = before.get(node)) way.unshift(node);
  return way;
}

/** The length of a way in km, or null when a road is missing. */
function measureWay(roads: readonly Road[], way: readonly number[]): number | null {
  let sum = 0;
  for (let i = 1; i < way.length; i++) {
    const road = roads.find((candidate) => joins(candidate, at(way, i - 1), at(way, i)));
    if (road === undefined) return null;
    sum += road.km;
  }
  return sum;
}

/** A random walk without return, as somebody makes it who knows roads but not lengths. */
function wander(random: RandomSource, roads: readonly Road[], nodes: number): number[] {
  const way = [0];
  while (at(way, way.length - 1) !== nodes - 1) {
    const next = neighbours(roads, at(way, way.length - 1)).filter(({ to }) => !way.includes(to));
    if (next.length === 0) return [0, nodes - 1];
    way.push(pickOne(random, next).to);
  }
  return way;
}

interface Telling {
  readonly language: ExamLanguage;
  readonly roads: readonly Road[];
  readonly names: readonly string[];
  readonly start: string;
  readonly goal: string;
}

function sayQuestion({ language, roads, names, start, goal }: Telling): string {
  const lines = roads
    .toSorted((x, y) => x.a - y.a || x.b - y.b)
    .map(({ a, b, km }) =>
      language === 'en'
        ? `${at(names, a)} - ${at(names, b)}: ${km} km`
        : `${at(names, a)} 到 ${at(names, b)}：${km} 公里`,
    )
    .join('\n');
  return language === 'en'
    ? `These roads can be used in both directions:\n\n${lines}\n\nFind the shortest way from ${start} to ${goal} and list all places on it in order.`
    : `下面是各地之间的道路，每条路都可以双向通行：\n\n${lines}\n\n求从${start}到${goal}总路程最短的路线，并按顺序写出经过的所有地点。`;
}
