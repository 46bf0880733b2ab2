/** The facts about people that the format family tells: how each is drawn, said, named and typed. */
import type { JsonObject } from '../../kernel/json.ts';
import { integerBetween, pickOne, pickSome } from '../dice.ts';
import type { ExamLanguage } from '../family.ts';
import type { RandomSource } from '../../kernel/random.ts';

/** What a fact can be worth in an output. */
export type FactValue = string | number | boolean | null | readonly string[];
export type Person = Readonly<Record<string, FactValue>>;
export type FactName = 'name' | 'age' | 'town' | 'member' | 'balance' | 'tags' | 'note' | 'seat' | 'visits';

interface Fact {
  /** Names that the output may ask for. */
  readonly keys: readonly string[];
  readonly schema: JsonObject;
  readonly draw: (random: RandomSource, towns: readonly string[]) => FactValue;
  readonly en: (value: FactValue) => string;
  readonly zh: (value: FactValue) => string;
}

const textOrNull: JsonObject = { type: ['string', 'null'] };
const list = (value: FactValue): readonly FactValue[] => (Array.isArray(value) ? value : []);

export const facts: Readonly<Record<FactName, Fact>> = {
  name: {
    keys: ['name', 'full_name', 'person', 'fullName'],
    schema: { type: 'string' },
    draw: () => null,
    en: String,
    zh: String,
  },
  age: {
    keys: ['age', 'age_years', 'years'],
    schema: { type: 'integer' },
    draw: (random) => integerBetween(random, 18, 90),
    en: (value) => `is ${String(value)} years old`,
    zh: (value) => `今年${String(value)}岁`,
  },
  town: {
    keys: ['town', 'home_town', 'place', 'city'],
    schema: { type: 'string' },
    draw: pickOne,
    en: (value) => `lives in ${String(value)}`,
    zh: (value) => `住在${String(value)}`,
  },
  member: {
    keys: ['member', 'is_member', 'hasMembership'],
    schema: { type: 'boolean' },
    draw: (random) => random.next01() < 0.5,
    en: (value) => (value === true ? 'is a member' : 'is not a member'),
    zh: (value) => (value === true ? '是会员' : '不是会员'),
  },
  balance: {
    keys: ['balance', 'account_balance', 'saldo'],
    schema: { type: 'number' },
    // Halves and quarters are exact and print without rounding.
    draw: (random) => integerBetween(random, -400, 4000) + pickOne(random, [0.25, 0.5, 0.75]),
    en: (value) => `has a balance of ${String(value)}`,
    zh: (value) => `账户余额为${String(value)}`,
  },
  tags: {
    keys: ['tags', 'interests', 'topics'],
    schema: { type: 'array', items: { type: 'string' } },
    draw: (random) =>
      pickSome(random, ['golf', 'chess', 'music', 'tennis', 'yoga', 'jazz'], integerBetween(random, 1, 3)),
    en: (value) => `likes ${list(value).join(' and ')} (in this order)`,
    zh: (value) => `依次喜欢 ${list(value).join('、')}`,
  },
  note: {
    keys: ['note', 'remark', 'comment'],
    schema: textOrNull,
    draw: (random) => pickOne(random, [null, 'call back, soon', 'vip', 'moved', 'said "later"', null]),
    en: (value) => (value === null ? 'has no note' : `has the note: ${String(value)}`),
    zh: (value) => (value === null ? '没有备注' : `备注为：${String(value)}`),
  },
  seat: {
    keys: ['seat', 'seat_code', 'place_code'],
    schema: { type: 'string', pattern: '^[A-F][0-9]{2}$' },
    draw: (random) => `${pickOne(random, ['A', 'B', 'C', 'D', 'E', 'F'])}${integerBetween(random, 10, 99)}`,
    en: (value) => `sits at ${String(value)}`,
    zh: (value) => `座位号是${String(value)}`,
  },
  visits: {
    keys: ['visits', 'visit_count', 'times_seen'],
    schema: { type: ['integer', 'null'] },
    draw: (random) => (random.next01() < 0.3 ? null : integerBetween(random, 0, 60)),
    en: (value) => (value === null ? 'did not say how often they came' : `came ${String(value)} times`),
    zh: (value) => (value === null ? '没说来过几次' : `来过${String(value)}次`),
  },
};

export const factNames: readonly FactName[] = [
  'name',
  'age',
  'town',
  'member',
  'balance',
  'tags',
  'note',
  'seat',
  'visits',
];

/** One record as prose, one fact after the other. */
export function sayRecord(person: Person, chosen: readonly FactName[], language: ExamLanguage): string {
  const name = String(person['name']);
  const parts = chosen
    .filter((fact) => fact !== 'name')
    .map((fact) => (language === 'en' ? facts[fact].en : facts[fact].zh)(person[fact] ?? null));
  return language === 'en' ? `${name} ${parts.join('; ')}.` : `${name}${parts.join('；')}。`;
}
