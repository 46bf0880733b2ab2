/**
 * Facts in prose that must come back as JSON after a schema, as CSV, or as a Markdown table. Field names,
 * fields and records are seeded; values are compared as data, so spacing and key order do not count.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../kernel/json.ts';
import { parseCsv, toCsvLine } from '../csv.ts';
import { at, integerBetween, pickOne, pickSome, range } from '../dice.ts';
import type { ExamLanguage, Family, Grade, Task } from '../family.ts';
import { readWholeAnswer } from '../whole-answer.ts';
import { personNames, townNames } from '../words.ts';
import type { RandomSource } from '../../kernel/random.ts';
import { factNames, facts, sayRecord, type FactName, type FactValue, type Person } from './format-facts.ts';

const shapes = [
  { records: 1, fields: 3 },
  { records: 2, fields: 4 },
  { records: 3, fields: 5 },
  { records: 5, fields: 6 },
  { records: 9, fields: 7 },
  { records: 16, fields: 8 },
  { records: 30, fields: 8 },
];

type Form = 'json' | 'csv' | 'table';

interface Column {
  readonly fact: FactName;
  /** The name in the output. */
  readonly key: string;
}

export const format: Family = {
  name: 'format',
  version: 1,
  level: 1,
  title: { en: 'Output in a given format', zh: '按格式输出' },
  languages: ['en', 'zh'],
  answerForm: 'whole',
  rungs: shapes.map(({ records, fields }) => ({ size: records * fields, chance01: 0.02 })),
  createTask({ language, rung, random }) {
    const { records: count, fields } = at(shapes, rung - 1);
    const chosen: FactName[] = ['name', ...pickSome(random, factNames.slice(1), fields - 1)];
    const columns = chosen.map((fact) => ({ fact, key: pickOne(random, facts[fact].keys) }));
    const people = createPeople(random, { count, chosen, language });
    const prose = people.map((person) => sayRecord(person, chosen, language)).join('\n');
    const form = pickOne<Form>(random, ['json', 'csv', 'table']);
    return createFormatTask({ language, form, columns, people, prose });
  },
};

function createPeople(
  random: RandomSource,
  { count, chosen, language }: { count: number; chosen: readonly FactName[]; language: ExamLanguage },
): Person[] {
  const names = pickSome(random, personNames[language], Math.min(count, personNames[language].length));
  return range(count).map((index) => {
    const name = names[index] ?? `${at(names, index % names.length)} ${Math.floor(index / names.length) + 1}`;
    const person: Record<string, FactValue> = { name };
    for (const fact of chosen) {
      if (fact !== 'name') person[fact] = facts[fact].draw(random, townNames[language]);
    }
    return person;
  });
}

interface Asked {
  readonly language: ExamLanguage;
  readonly form: Form;
  readonly columns: readonly Column[];
  readonly people: readonly Person[];
  readonly prose: string;
}

function createFormatTask(asked: Asked): Task {
  const { form, columns, people } = asked;
  const rows = people.map((person) => columns.map(({ fact }) => person[fact] ?? null));
  const write = (list: readonly (readonly FactValue[])[]): string => writeRows(form, columns, list);
  const wrongValue = rows.map((row, i) => (i === 0 ? [`${String(row[0])}x`, ...row.slice(1)] : row));
  return {
    messages: [{ role: 'user', content: `${sayForm(asked)}\n\n${asked.prose}` }],
    puzzle: { form, columns: columns.map((column) => ({ ...column })), rows },
    witness: write(rows),
    nearMisses: [
      write(wrongValue),
      write(rows.slice(1)),
      write([...rows, at(rows, 0)]),
      form === 'json' ? writeRows('csv', columns, rows) : writeRows('json', columns, rows),
      `${write(rows)}\nI hope this helps!`,
    ],
    guess: (random) => write(rows.map((row) => row.map((value) => scramble(random, value)))),
    grade: (answerText) => gradeRows(form, columns, rows, readWholeAnswer(answerText)),
  };
}

/** Another value of the same type; somebody knows the form but not the facts. */
function scramble(random: RandomSource, value: FactValue): FactValue {
  if (typeof value === 'number') return integerBetween(random, 1, 99);
  if (typeof value === 'boolean') return random.next01() < 0.5;
  return value === null ? null : pickOne(random, townNames.en);
}

function writeRows(form: Form, columns: readonly Column[], rows: readonly (readonly FactValue[])[]): string {
  const keys = columns.map(({ key }) => key);
  switch (form) {
    case 'json': {
      const objects = rows.map((row) => Object.fromEntries(keys.map((key, i) => [key, row[i] ?? null])));
      return JSON.stringify(objects, null, 2);
    }
    case 'csv':
      return [keys, ...rows.map((row) => row.map(toCell))].map(toCsvLine).join('\n');
    case 'table': {
      const lines = [keys, keys.map(() => '---'), ...rows.map((row) => row.map(toCell))];
      return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    }
  }
}

/** How a value stands in CSV and tables: lists by semicolons, nothing for null. */
function toCell(value: FactValue): string {
  if (value === null) return '';
  return Array.isArray(value) ? value.join(';') : String(value);
}

function gradeRows(
  form: Form,
  columns: readonly Column[],
  rows: readonly (readonly FactValue[])[],
  text: string,
): Grade {
  const fail = (reason: string): Grade => ({
    correct: false,
    reading: text === '' ? null : text.slice(0, 2000),
    reason,
  });
  let read: unknown;
  try {
    read = form === 'json' ? JSON.parse(text) : form === 'csv' ? parseCsv(text) : parseTable(text);
  } catch {
    return fail(`not well-formed ${form}`);
  }
  const keys = columns.map(({ key }) => key);
  const expected: unknown =
    form === 'json'
      ? rows.map((row) => Object.fromEntries(keys.map((key, i) => [key, row[i] ?? null])))
      : [keys, ...rows.map((row) => row.map(toCell))];
  if (!isDeepStrictEqual(read, expected)) return fail('well-formed, but other fields or values');
  return { correct: true, reading: JSON.stringify(read), reason: 'right' };
}

/** Cells of a Markdown table with its rule line checked and removed. */
function parseTable(text: string): string[][] {
  const lines = text.split('\n').map((line) => line.trim());
  const cells = lines.map((line) => {
    if (!line.startsWith('|') || !line.endsWith('|')) throw new SyntaxError('a line without bars');
    return line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
  });
  const [header = [], rule = [], ...body] = cells;
  if (rule.length !== header.length || !rule.every((cell) => /^:?-+:?$/u.test(cell)))
    throw new SyntaxError('no rule line');
  return [header, ...body];
}

function sayForm({ language, form, columns }: Asked): string {
  const keys = columns.map(({ key }) => key);
  if (form === 'json') {
    const schema: JsonObject = {
      type: 'array',
      items: {
        type: 'object',
        properties: Object.fromEntries(columns.map(({ fact, key }) => [key, facts[fact].schema])),
        required: keys,
        additionalProperties: false,
      },
    };
    const text = JSON.stringify(schema);
    return language === 'en'
      ? `Write the facts below as one JSON document that follows this JSON schema, in the order of the text. Reply with the JSON only. Use null where the text gives no value.\n\n${text}`
      : `请把下面的内容写成一个符合此 JSON Schema 的 JSON 文档，顺序与原文一致，只输出 JSON。原文没有给出的值写 null。\n\n${text}`;
  }
  const list = keys.join(language === 'en' ? ', ' : '、');
  if (language === 'en') {
    const kind =
      form === 'csv'
        ? 'CSV with a header line (comma as separator, double quotes where needed)'
        : 'a Markdown table';
    return `Write the facts below as ${kind}, one row for each person in the order of the text, with exactly these columns: ${list}. Reply with that only. Write true or false for yes and no, join several entries of one cell with semicolons, and leave a cell empty where the text gives no value.`;
  }
  const kind = form === 'csv' ? '带表头的 CSV（逗号分隔，必要时加双引号）' : 'Markdown 表格';
  return `请把下面的内容整理成${kind}，每人一行，顺序与原文一致，列依次为：${list}。只输出结果。是与否写 true 或 false，一格里有多项时用分号（;）连接，原文没有给出的值留空。`;
}
