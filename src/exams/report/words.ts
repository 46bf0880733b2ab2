/** The words of a report in English and in Chinese. Numbers come from the report, never from here. */
import type { ExamLanguage } from '../family.ts';
import type { Verdict } from '../family-progress.ts';
import type { Outcome } from '../subject.ts';

export interface ReportWords {
  readonly title: (model: string) => string;
  readonly inShort: string;
  readonly levelSays: (level: number, name: string, verdict: Verdict, target: string, sure: string) => string;
  readonly levelNames: readonly string[];
  readonly authorWords: readonly string[];
  readonly operational: (target: string, rungs: string, sure: string) => string;
  readonly reliable: string;
  readonly notReliable: string;
  readonly undecided: string;
  readonly none: string;
  readonly needs: (items: number) => string;
  readonly needsTooMany: string;
  readonly withLower: string;
  readonly notExamined: string;
  readonly verdicts: Readonly<Record<Verdict, string>>;
  readonly outcomes: Readonly<Record<Outcome, string>>;
  readonly headings: Readonly<
    Record<
      | 'levels'
      | 'families'
      | 'rungs'
      | 'languages'
      | 'outcomes'
      | 'cost'
      | 'samples'
      | 'conditions'
      | 'limits'
      | 'repeat',
      string
    >
  >;
  readonly columns: Readonly<
    Record<
      | 'level'
      | 'author'
      | 'test'
      | 'verdict'
      | 'weakest'
      | 'family'
      | 'rate'
      | 'interval'
      | 'chance'
      | 'ofAnswered'
      | 'bestCase'
      | 'rung'
      | 'size'
      | 'language'
      | 'outcome'
      | 'calls'
      | 'tokens'
      | 'seconds'
      | 'tokensPerSolved'
      | 'moneyPerSolved'
      | 'passAtK'
      | 'passHatK'
      | 'name'
      | 'value'
      | 'heldOut',
      string
    >
  >;
  readonly rate: (successes: number, n: number, percent: string) => string;
  readonly noItems: string;
  readonly unbounded: string;
  readonly total: string;
  readonly estimated: string;
  readonly methods: string;
  readonly verifyWith: string;
  readonly conditions: Readonly<
    Record<
      'model' | 'url' | 'started' | 'settings' | 'target' | 'rungs' | 'commitment' | 'seed' | 'errorCost',
      string
    >
  >;
  readonly limits: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<'rungs' | 'outcomes' | 'cost' | 'costAxis' | 'rateAxis', string>>;
}

/** As printed by Bloomberg, 11 July 2024, "Stages of Artificial Intelligence". */
const authorWords = [
  'Chatbots, AI with conversational language',
  'Reasoners, human-level problem solving',
  'Agents, systems that can take actions',
  'Innovators, AI that can aid in invention',
  'Organizations, AI that can do the work of an organization',
];

const en: ReportWords = {
  title: (model) => `Exam of ${model}`,
  inShort: 'In short',
  levelSays: (level, name, verdict, target, sure) =>
    ({
      shown: `Level ${level} (${name}) is shown: every family of this level can be relied on at ${target} or better (${sure} sure).`,
      'not-shown': `Level ${level} (${name}) is not shown: at least one family is below ${target} (${sure} sure).`,
      undecided: `Level ${level} (${name}) is undecided: the items asked do not tell whether every family reaches ${target}.`,
    })[verdict],
  levelNames: ['chatbot', 'reasoner', 'agent', 'innovator', 'organization'],
  authorWords,
  operational: (target, rungs, sure) =>
    `Each family of the level is solved at a rate of ${target} or better on rungs ${rungs}, with ${sure} confidence, and every lower level is shown.`,
  reliable: 'Can be relied on',
  notReliable: 'Not to be relied on',
  undecided: 'Undecided',
  none: 'none',
  needs: (items) => `about ${items} more items`,
  needsTooMany: 'too near the target to tell with 10,000 items',
  withLower: 'with all lower levels',
  notExamined: 'a lower level was not examined',
  verdicts: { shown: 'shown', 'not-shown': 'not shown', undecided: 'undecided' },
  outcomes: {
    answered: 'answered',
    truncated: 'cut off (limit)',
    empty: 'empty',
    refused: 'refused',
    failed: 'failed call',
    'timed-out': 'timed out',
  },
  headings: {
    levels: 'Levels',
    families: 'Families',
    rungs: 'By rung of difficulty',
    languages: 'By language',
    outcomes: 'How the calls ended',
    cost: 'Cost',
    samples: 'Several samples of each item',
    conditions: 'Conditions',
    limits: 'Limits of validity',
    repeat: 'To repeat it',
  },
  columns: {
    level: 'Level',
    author: 'As its author worded it',
    test: 'Our test',
    verdict: 'Verdict',
    weakest: 'Weakest family',
    family: 'Family',
    rate: 'Right',
    interval: 'Interval',
    chance: 'Chance',
    ofAnswered: 'Of full answers',
    bestCase: 'If all others were right',
    rung: 'Rung',
    size: 'Size',
    language: 'Language',
    outcome: 'Outcome',
    calls: 'Calls',
    tokens: 'Tokens in, out',
    seconds: 'Seconds',
    tokensPerSolved: 'Tokens per solved task',
    moneyPerSolved: 'Money per solved task',
    passAtK: 'At least one of k right',
    passHatK: 'All of k right',
    name: 'What',
    value: 'Value',
    heldOut: 'Held out of tuning',
  },
  rate: (successes, n, percent) => `${successes} of ${n} (${percent})`,
  noItems: 'no items',
  unbounded: 'no upper bound',
  total: 'all',
  estimated:
    'The endpoint did not report all tokens; some numbers are estimates from the length of the text.',
  methods:
    'Everything that is not a full, right answer counts as wrong. Intervals of families that were stopped early are confidence sequences (valid at any stop); those of samples fixed before are Clopper-Pearson; cost per solved task is resampled over items.',
  verifyWith:
    'gradus measure verify REPORT.json makes all items anew from the seed and grades the stored answers again, offline.',
  conditions: {
    model: 'Model',
    url: 'Endpoint',
    started: 'Started',
    settings: 'Sent settings',
    target: 'Target and error',
    rungs: 'Rungs, languages',
    commitment: 'Commitment (printed before the exam)',
    seed: 'Root seed (told after the exam)',
    errorCost: 'Cost of a task with the price of its errors',
  },
  limits: {
    synthetic:
      'Items are made by programs: text only, no physical tasks, and no claim beyond these families.',
    rungs: 'A verdict holds for the rungs named, not for harder ones.',
    'not-memorised': 'Fresh seeds exclude memorised items. They do not exclude training on the generators.',
    stopped:
      'Families were stopped as soon as the verdict was certain, so rungs and languages may have few items.',
    'no-human-baseline': 'No humans were measured on these items, so nothing here is "human-level".',
    date: 'Prices, endpoints and models change: the date belongs to every number.',
  },
  figures: {
    rungs: 'Rate by rung with intervals; the dashed line is the target',
    outcomes: 'How the calls of each family ended',
    cost: 'Tokens per task against the rate of success, with intervals',
    costAxis: 'tokens per task',
    rateAxis: 'right',
  },
};

const zh: ReportWords = {
  title: (model) => `${model} 的考试报告`,
  inShort: '结论',
  levelSays: (level, name, verdict, target, sure) =>
    ({
      shown: `第 ${level} 级（${name}）已证实：该级每一类题目的正确率都不低于 ${target}（把握 ${sure}）。`,
      'not-shown': `第 ${level} 级（${name}）未证实：至少有一类题目的正确率低于 ${target}（把握 ${sure}）。`,
      undecided: `第 ${level} 级（${name}）尚无定论：已有的题目还不足以判断每一类是否都达到 ${target}。`,
    })[verdict],
  levelNames: ['对话者', '推理者', '行动者', '创新者', '组织者'],
  authorWords,
  operational: (target, rungs, sure) =>
    `该级每一类题目在难度 ${rungs} 上的正确率都不低于 ${target}，置信度 ${sure}，并且所有更低的级别都已证实。`,
  reliable: '可以依靠',
  notReliable: '不可依靠',
  undecided: '尚无定论',
  none: '无',
  needs: (items) => `大约还需 ${items} 题`,
  needsTooMany: '与目标太接近，再做 10,000 题也难以判断',
  withLower: '连同所有更低级别',
  notExamined: '有更低的级别没有考',
  verdicts: { shown: '已证实', 'not-shown': '未证实', undecided: '尚无定论' },
  outcomes: {
    answered: '完整作答',
    truncated: '超长截断',
    empty: '空白',
    refused: '拒答',
    failed: '调用失败',
    'timed-out': '超时',
  },
  headings: {
    levels: '级别',
    families: '题类',
    rungs: '按难度',
    languages: '按语言',
    outcomes: '调用结果',
    cost: '成本',
    samples: '每题多次作答',
    conditions: '考试条件',
    limits: '适用范围',
    repeat: '如何复核',
  },
  columns: {
    level: '级别',
    author: '提出者的原话',
    test: '我们的判据',
    verdict: '结论',
    weakest: '最弱题类',
    family: '题类',
    rate: '正确',
    interval: '区间',
    chance: '蒙对率',
    ofAnswered: '只计完整作答',
    bestCase: '其余全按正确计',
    rung: '难度',
    size: '规模',
    language: '语言',
    outcome: '结果',
    calls: '调用次数',
    tokens: '输入、输出词元',
    seconds: '秒',
    tokensPerSolved: '每做对一题的词元',
    moneyPerSolved: '每做对一题的费用',
    passAtK: 'k 次中至少一次正确',
    passHatK: 'k 次全部正确',
    name: '项目',
    value: '值',
    heldOut: '未用于调优',
  },
  rate: (successes, n, percent) => `${n} 题对 ${successes} 题（${percent}）`,
  noItems: '没有题目',
  unbounded: '无上界',
  total: '合计',
  estimated: '该端点没有报告全部词元数，部分数字按文本长度估算。',
  methods:
    '凡不是完整且正确的作答，一律按错计。提前停止的题类用置信序列（任何时刻停止都有效）；题数事先固定的用 Clopper-Pearson 区间；每做对一题的成本按题重抽样。',
  verifyWith: 'gradus measure verify REPORT.json 会用种子重新生成全部题目，离线重新判分。',
  conditions: {
    model: '模型',
    url: '端点',
    started: '开始时间',
    settings: '发送的设置',
    target: '目标与错误率',
    rungs: '难度、语言',
    commitment: '承诺（考前公布）',
    seed: '根种子（考后公布）',
    errorCost: '计入错误代价的单题成本',
  },
  limits: {
    synthetic: '题目由程序生成：只有文字，没有实物任务，结论不超出这些题类。',
    rungs: '结论只适用于所列难度，不适用于更难的题目。',
    'not-memorised': '新种子排除了背题，但不排除模型用生成器训练过。',
    stopped: '结论一旦确定就停止出题，因此各难度、各语言的题数可能很少。',
    'no-human-baseline': '没有让人做过这些题，所以这里没有任何“人类水平”的说法。',
    date: '价格、端点和模型都会变，每个数字都要连同日期一起看。',
  },
  figures: {
    rungs: '各难度的正确率与区间，虚线为目标',
    outcomes: '各题类的调用结果',
    cost: '单题词元数与正确率（含区间）',
    costAxis: '单题词元数',
    rateAxis: '正确率',
  },
};

export const reportWords: Readonly<Record<ExamLanguage, ReportWords>> = { en, zh };
