import type { Statement } from "./parser.ts";
import { asNode, list, type Node } from "./tree.ts";

const items = (value: unknown, wrapper: string): readonly Node[] => list(value).map((item) => asNode(item[wrapper]));

const commandsOf = ({ cmds }: Node): readonly Node[] => items(cmds, "AlterTableCmd");

const detachesConcurrently = (command: Node): boolean =>
  command.subtype === "AT_DetachPartition" && asNode(asNode(command.def).PartitionCmd).concurrent === true;

/** An option is on when it stands alone; `CONCURRENTLY false` and `CONCURRENTLY 0` switch it off. */
const isOn = ({ arg }: Node): boolean => {
  const { String: word, Integer: number } = asNode(arg);
  if (number !== undefined) return asNode(number).ival !== undefined;
  return !/^(false|off|0)$/i.test(String(asNode(word).sval));
};

const reindexesConcurrently = ({ params }: Node): boolean =>
  items(params, "DefElem").some((option) => option.defname === "concurrently" && isOn(option));

/** REINDEX of many tables commits after each of them. */
const ONE_BY_ONE = ["REINDEX_OBJECT_SCHEMA", "REINDEX_OBJECT_DATABASE", "REINDEX_OBJECT_SYSTEM"];

type Judge = (node: Node) => boolean;
const always: Judge = () => true;
const isConcurrent: Judge = ({ concurrent }) => concurrent === true;

const refused: Readonly<Record<string, Judge>> = {
  AlterSystemStmt: always,
  CreatedbStmt: always,
  DropdbStmt: always,
  CreateTableSpaceStmt: always,
  DropTableSpaceStmt: always,
  AlterDatabaseStmt: ({ options }) => items(options, "DefElem").some(({ defname }) => defname === "tablespace"),
  VacuumStmt: ({ is_vacuumcmd }) => is_vacuumcmd === true,
  // With a table it may run anywhere; without, it goes through all of them in transactions of its own.
  ClusterStmt: ({ relation }) => relation === undefined,
  IndexStmt: isConcurrent,
  DropStmt: isConcurrent,
  ReindexStmt: (reindex) => ONE_BY_ONE.includes(String(reindex.kind)) || reindexesConcurrently(reindex),
  AlterTableStmt: (alter) => commandsOf(alter).some(detachesConcurrently),
};

/**
 * True for what PostgreSQL always refuses inside a transaction block (25001), whatever the catalog holds. Without COMMIT
 * PREPARED and DISCARD ALL, which no migration may run at all.
 */
export const needsNoTransaction = (statement: Statement): boolean => refused[statement.kind]?.(statement.node) ?? false;

const mayNeedNone: Readonly<Record<string, Judge>> = {
  // Both may COMMIT by themselves.
  CallStmt: always,
  DoStmt: always,
  // Refused or not by what the catalog says: a partitioned table, a subscription with a slot.
  ReindexStmt: always,
  ClusterStmt: always,
  CreateSubscriptionStmt: always,
  AlterSubscriptionStmt: always,
  DropSubscriptionStmt: always,
};

/**
 * True when a statement has to run outside every transaction of ours: PostgreSQL refuses it inside one, may refuse it, or
 * accepts it and then fails at its own COMMIT.
 */
export const runsBare = (statement: Statement): boolean =>
  needsNoTransaction(statement) || (mayNeedNone[statement.kind]?.(statement.node) ?? false);

const waitsWeakly: Judge = (command) =>
  command.subtype === "AT_ValidateConstraint" ||
  command.subtype === "AT_DetachPartitionFinalize" ||
  detachesConcurrently(command);

const patient: Readonly<Record<string, Judge>> = {
  IndexStmt: isConcurrent,
  DropStmt: isConcurrent,
  ReindexStmt: reindexesConcurrently,
  AlterTableStmt: (alter) => commandsOf(alter).every(waitsWeakly),
};

/**
 * True for what must get no lock_timeout: its waiting hurts nobody, and giving up would leave an invalid index or a
 * half-detached partition behind.
 */
export const isPatient = (statement: Statement): boolean => patient[statement.kind]?.(statement.node) ?? false;
