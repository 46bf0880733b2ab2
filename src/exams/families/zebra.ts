/**
 * Houses in a row, each with a person and further attributes; clues leave exactly one solution, which the
 * solver proves by failing to find another. Asks for the people in order of their houses.
 */
import { createLineTask } from '../answer-line.ts';
import { at, pickOne, pickSome, range, shuffled } from '../dice.ts';
import type { ExamLanguage, Family } from '../family.ts';
import { readMentions } from '../reading.ts';
import { personNames } from '../words.ts';
import type { RandomSource } from '../../kernel/random.ts';
import { clueHolds, findOtherSolution, type Clue } from './zebra-solver.ts';

const shapes = [
  { houses: 3, attributes: 2 },
  { houses: 3, attributes: 3 },
  { houses: 4, attributes: 3 },
  { houses: 4, attributes: 4 },
  { houses: 5, attributes: 5 },
  { houses: 6, attributes: 5 },
  { houses: 7, attributes: 6 },
];

interface Attribute {
  readonly values: readonly string[];
  /** `the person with the ...` */
  readonly say: (value: string) => string;
}

const attributes: Readonly<Record<ExamLanguage, readonly Attribute[]>> = {
  en: [
    {
      values: ['tea', 'coffee', 'milk', 'juice', 'water', 'cocoa', 'cider'],
      say: (value) => `the person who drinks ${value}`,
    },
    {
      values: ['cat', 'dog', 'horse', 'parrot', 'rabbit', 'snail', 'goat'],
      say: (value) => `the owner of the ${value}`,
    },
    {
      values: ['violin', 'piano', 'flute', 'drum', 'harp', 'cello', 'trumpet'],
      say: (value) => `the ${value} player`,
    },
    {
      values: ['baker', 'doctor', 'tailor', 'pilot', 'farmer', 'lawyer', 'painter'],
      say: (value) => `the ${value}`,
    },
    {
      values: ['red', 'blue', 'green', 'white', 'yellow', 'brown', 'grey'],
      say: (value) => `the person in the ${value} house`,
    },
  ],
  zh: [
    { values: ['绿茶', '咖啡', '牛奶', '果汁', '白水', '可可', '豆浆'], say: (value) => `喝${value}的人` },
    { values: ['猫', '狗', '马', '鹦鹉', '兔子', '乌龟', '山羊'], say: (value) => `养${value}的人` },
    { values: ['小提琴', '钢琴', '长笛', '二胡', '古筝', '琵琶', '小号'], say: (value) => `会${value}的人` },
    { values: ['厨师', '医生', '裁缝', '飞行员', '农民', '律师', '画家'], say: (value) => `当${value}的人` },
    {
      values: ['红色', '蓝色', '绿色', '白色', '黄色', '棕色', '灰色'],
      say: (value) => `住${value}房子的人`,
    },
  ],
};

export const zebra: Family = {
  name: 'zebra',
  version: 1,
  level: 2,
  title: { en: 'Zebra puzzles', zh: '爱因斯坦谜题' },
  languages: ['en', 'zh'],
  answerForm: 'line',
  rungs: shapes.map(({ houses, attributes }) => ({
    size: houses * attributes,
    chance01: houses === 3 ? 0.2 : 0.06,
  })),
  createTask({ language, rung, random }) {
    const { houses, attributes: count } = at(shapes, rung - 1);
    const people = pickSome(random, personNames[language], houses);
    const more = pickSome(random, attributes[language], count - 1).map((attribute) => ({
      ...attribute,
      values: pickSome(random, attribute.values, houses),
    }));
    const say = (thing: number): string => {
      const [row, value] = [Math.floor(thing / houses), thing % houses];
      if (row === 0) return at(people, value);
      const { values, say: sayValue } = at(more, row - 1);
      return sayValue(at(values, value));
    };
    const { positions, clues } = createPuzzle(random, { houses, attributes: count });
    const lines = clues.map((clue, index) => `${index + 1}. ${sayClue(clue, say, language)}`).join('\n');
    const order = range(houses).map((house) => positions.slice(0, houses).indexOf(house));
    const write = (list: readonly number[]): string =>
      list.map((person) => at(people, person)).join(language === 'en' ? ', ' : '，');
    return createLineTask({
      language,
      question: sayQuestion({ language, houses, people, more, lines }),
      puzzle: { houses, attributes: count, clues: clues.map((clue) => ({ ...clue })), people },
      form: language === 'en' ? '<name in house 1>, <name in house 2>, ...' : '<1号房的人>，<2号房的人>，……',
      value: write(order),
      slips: [order.toReversed(), [at(order, 1), at(order, 0), ...order.slice(2)], order.slice(1)].map(write),
      guess: (dice) => write(shuffled(dice, order)),
      read: (area) => {
        const list = readMentions(
          area,
          people.map((name) => [name]),
        );
        return list.length === 0 ? null : write(list);
      },
    });
  },
};

/**
 * Adds clues against each solution that is not the true one, until there is none; then leaves out each clue
 * that is not needed.
 */
function createPuzzle(
  random: RandomSource,
  { houses, attributes: count }: { houses: number; attributes: number },
): { positions: readonly number[]; clues: readonly Clue[] } {
  const positions = range(count).flatMap(() => shuffled(random, range(houses)));
  let clues: Clue[] = [];
  for (;;) {
    const other = findOtherSolution({ houses, attributes: count, clues }, positions);
    if (other === null) break;
    clues.push(createClue(random, { houses, positions, against: other }));
  }
  for (const clue of shuffled(random, clues)) {
    const fewer = clues.filter((kept) => kept !== clue);
    if (findOtherSolution({ houses, attributes: count, clues: fewer }, positions) === null) clues = fewer;
  }
  return { positions, clues: shuffled(random, clues) };
}

/** A random clue that holds for the truth and not for `against`. Rarely names a house outright. */
function createClue(
  random: RandomSource,
  {
    houses,
    positions,
    against,
  }: { houses: number; positions: readonly number[]; against: readonly number[] },
): Clue {
  for (;;) {
    const [a = 0, b = 1] = pickSome(random, range(positions.length), 2);
    const kinds = ['same', 'same', 'next', 'right-after', 'left-of', 'apart'] as const;
    const kind = random.next01() < 0.08 ? 'at' : pickOne(random, kinds);
    const clue: Clue = kind === 'at' ? { kind, a, house: at(positions, a) } : { kind, a, b };
    const isSameRow = Math.floor(a / houses) === Math.floor(b / houses);
    if (isSameRow && (kind === 'same' || kind === 'apart')) continue;
    if (clueHolds(clue, positions) && !clueHolds(clue, against)) return clue;
  }
}

function sayClue(clue: Clue, say: (thing: number) => string, language: ExamLanguage): string {
  const a = say(clue.a);
  const A = a[0]?.toUpperCase() + a.slice(1);
  switch (clue.kind) {
    case 'at':
      return language === 'en' ? `${A} lives in house ${clue.house + 1}.` : `${a}住在${clue.house + 1}号房。`;
    case 'same':
      return language === 'en' ? `${A} is also ${say(clue.b)}.` : `${a}就是${say(clue.b)}。`;
    case 'apart':
      return language === 'en' ? `${A} is not ${say(clue.b)}.` : `${a}不是${say(clue.b)}。`;
    case 'next':
      return language === 'en' ? `${A} lives next to ${say(clue.b)}.` : `${a}和${say(clue.b)}是隔壁邻居。`;
    case 'right-after':
      return language === 'en'
        ? `${A} lives directly to the left of ${say(clue.b)}.`
        : `${a}住在${say(clue.b)}左边紧挨着的那一间。`;
    case 'left-of':
      return language === 'en'
        ? `${A} lives somewhere to the left of ${say(clue.b)}.`
        : `${a}住在${say(clue.b)}的左边（不一定相邻）。`;
  }
}

interface Telling {
  readonly language: ExamLanguage;
  readonly houses: number;
  readonly people: readonly string[];
  readonly more: readonly Attribute[];
  readonly lines: string;
}

function sayQuestion({ language, houses, people, more, lines }: Telling): string {
  if (language === 'en') {
    const rows = more.map(({ values, say }) => `- ${values.toSorted().map(say).join(', ')}`).join('\n');
    return `${houses} people live in a row of ${houses} houses, numbered 1 to ${houses} from left to right: ${people.toSorted().join(', ')}. Each line below lists ${houses} descriptions, and each description fits exactly one of them:\n${rows}\n\nClues:\n${lines}\n\nWho lives in which house? List the names from house 1 to house ${houses}.`;
  }
  const rows = more.map(({ values, say }) => `- ${values.toSorted().map(say).join('、')}`).join('\n');
  return `${houses} 个人住在从左到右编号为 1 到 ${houses} 的一排房子里，每间一人：${people.toSorted().join('、')}。下面每一行列出 ${houses} 种情况，各对应其中一个人：\n${rows}\n\n线索：\n${lines}\n\n每间房里住的是谁？请从 1 号房到 ${houses} 号房依次写出名字。`;
}
