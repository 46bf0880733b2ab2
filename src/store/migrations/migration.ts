/** What a migration is. A published one is never changed; a change of mind is another migration. */
export interface Migration {
  /** 1, 2, 3 and so on without gaps. */
  readonly version: number;
  readonly name: string;
  /** Run in order in one transaction. The rows stay in the database: none may be read into this process. */
  readonly statements: readonly string[];
}
