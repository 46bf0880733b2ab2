/** What backup and restore must know of a table, as the database itself describes it. */
import type { ClientBase } from 'pg';

export interface TableShape {
  /** With schema, quoted as SQL wants it. */
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly sql: string; readonly type: string }[];
  /** Sequences that give the table's next numbers, with the column that they are for. */
  readonly sequences: readonly { readonly sequence: string; readonly column: string }[];
}

export interface SchemaSelection {
  readonly schema: string;
  /** Tables that are not rows of the owner but facts of this database. */
  readonly skip: readonly string[];
}

/** The tables of the schemas, each after those that its foreign keys name. */
export async function describeTables(
  client: ClientBase,
  selections: readonly SchemaSelection[],
): Promise<readonly TableShape[]> {
  const schemas = selections.map((selection) => selection.schema);
  const skipped = selections.flatMap(({ schema, skip }) => skip.map((table) => `${schema}.${table}`));
  const { rows } = await client.query<TableRow>(
    `SELECT c.oid::int AS id, format('%I.%I', n.nspname, c.relname) AS name,
       (SELECT json_agg(json_build_object('name', a.attname, 'sql', quote_ident(a.attname),
           'type', format_type(a.atttypid, a.atttypmod),
           'sequence', pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname)) ORDER BY a.attnum)
         FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns,
       (SELECT coalesce(json_agg(f.confrelid::int), '[]') FROM pg_constraint f
         WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid) AS needs
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY($1) AND c.relkind = 'r' AND format('%s.%s', n.nspname, c.relname) <> ALL($2)
     ORDER BY n.nspname, c.relname`,
    [schemas, skipped],
  );
  return sortByNeeds(rows).map(({ name, columns }) => ({
    name,
    columns: columns.map((column) => ({ name: column.name, sql: column.sql, type: column.type })),
    sequences: columns.flatMap((column) =>
      column.sequence === null ? [] : [{ sequence: column.sequence, column: column.sql }],
    ),
  }));
}

interface TableRow {
  readonly id: number;
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly sql: string;
    readonly type: string;
    readonly sequence: string | null;
  }[];
  readonly needs: readonly number[];
}

function sortByNeeds(tables: readonly TableRow[]): readonly TableRow[] {
  const sorted: TableRow[] = [];
  const visited = new Set<number>();
  const visit = (table: TableRow): void => {
    if (visited.has(table.id)) return;
    visited.add(table.id);
    for (const need of table.needs) {
      const other = tables.find((candidate) => candidate.id === need);
      if (other !== undefined) visit(other);
    }
    sorted.push(table);
  };
  for (const table of tables) visit(table);
  return sorted;
}
