/**
 * Resolves what applies to a value in the same place: `$ref`, `allOf`, `anyOf`, `oneOf` and `not`. The
 * result is a list of alternatives, each a set of schemas that hold together, and no applicator is left.
 */
import { refuseSchema, type NodeId } from './schema-node.ts';
import type { SchemaDocument } from './schema-document.ts';

/** A schema that a value must not satisfy, because of `not` or a sibling under `oneOf`. */
export interface Excluded {
  readonly node: NodeId;
  /** The place of the `not` or `oneOf`. */
  readonly path: string;
}

export interface Alternative {
  /** Ascending, without repetition. None: any value. */
  readonly nodes: readonly NodeId[];
  readonly excluded: readonly Excluded[];
}

const maxAlternatives = 500;
const maxChain = 200;

export class Alternatives {
  readonly #document: SchemaDocument;
  readonly #known = new Map<NodeId, readonly Alternative[]>();
  readonly #open = new Set<NodeId>();

  constructor(document: SchemaDocument) {
    this.#document = document;
  }

  /** The alternatives of a value that must satisfy all of `nodes`. */
  of(nodes: readonly NodeId[]): readonly Alternative[] {
    const path = nodes[0] === undefined ? this.#document.rootPath : this.#document.node(nodes[0]).path;
    return nodes.reduce<readonly Alternative[]>(
      (found, node) => multiply(found, this.#expand(node), path),
      [{ nodes: [], excluded: [] }],
    );
  }

  #expand(id: NodeId): readonly Alternative[] {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const node = this.#document.node(id);
    if (this.#open.has(id)) {
      refuseSchema(
        node.path,
        'this schema refers to itself in the same place, so it says nothing; break the loop',
      );
    }
    if (this.#open.size >= maxChain) {
      refuseSchema(node.path, `more than ${maxChain} schemas refer to one another in the same place`);
    }
    this.#open.add(id);
    let found: readonly Alternative[] = [
      {
        nodes: node.isConstraining ? [id] : [],
        excluded: node.not === undefined ? [] : [{ node: node.not, path: `${node.path}/not` }],
      },
    ];
    const apply = (factor: readonly Alternative[]): void => {
      found = multiply(found, factor, node.path);
    };
    if (node.reference !== undefined) apply(this.#expand(node.reference));
    for (const part of node.allOf) apply(this.#expand(part));
    if (node.anyOf !== undefined) apply(unique(node.anyOf.flatMap((branch) => this.#expand(branch))));
    if (node.oneOf !== undefined) apply(this.#expandOneOf(node.oneOf, `${node.path}/oneOf`));
    this.#open.delete(id);
    this.#known.set(id, found);
    return found;
  }

  #expandOneOf(branches: readonly NodeId[], path: string): readonly Alternative[] {
    if (branches.length > maxAlternatives) {
      refuseSchema(path, `more than ${maxAlternatives} alternatives; use "enum" or fewer`);
    }
    return branches.flatMap((branch, index) => {
      const others = branches.filter((_, other) => other !== index).map((node) => ({ node, path }));
      return this.#expand(branch).map(({ nodes, excluded }) => ({
        nodes,
        excluded: [...excluded, ...others],
      }));
    });
  }
}

/** Names an alternative by what it says, so that equal ones are handled once. */
export function alternativeKey({ nodes, excluded }: Alternative): string {
  const keys = excluded.map(({ node }) => node).sort((a, b) => a - b);
  return `${nodes.join()}!${[...new Set(keys)].join()}`;
}

function multiply(
  a: readonly Alternative[],
  b: readonly Alternative[],
  path: string,
): readonly Alternative[] {
  if (a.length * b.length > maxAlternatives) {
    refuseSchema(path, `anyOf, oneOf and allOf make more than ${maxAlternatives} combinations; use fewer`);
  }
  return unique(
    a.flatMap((left) =>
      b.map((right) => ({
        nodes: [...new Set([...left.nodes, ...right.nodes])].sort((x, y) => x - y),
        excluded: [...left.excluded, ...right.excluded],
      })),
    ),
  );
}

function unique(alternatives: readonly Alternative[]): readonly Alternative[] {
  return [...new Map(alternatives.map((alternative) => [alternativeKey(alternative), alternative])).values()];
}
