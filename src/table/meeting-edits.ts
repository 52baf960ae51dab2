import { UPDATES_PER_DELETE } from "../options/limits.ts";

/*
 * What wins where an update and a delete of one row meet: the delete. Cassandra keeps the write with the later write time; of
 * two equal times it keeps the delete.
 *
 * - An update is dated just after the row that it replaces, and not by the clock. A delete is dated by the clock, so it is later.
 * - A row can be dated later than the clock (its writer's clock is ahead), or just before it. Such a row is deleted at a time
 *   after its own: `DELETE_STEPS` later, which leaves room for the updates that may meet the delete.
 */

/** From a row to its update, in microseconds. The one in between is for a rewrite of the same message, which loses to an update. */
const UPDATE_STEPS = 2;
/** From a row to its delete, in microseconds: later than `UPDATES_PER_DELETE` updates, one after the other, can date the row. */
const DELETE_STEPS: number = UPDATE_STEPS * UPDATES_PER_DELETE;

/**
 * The write time of an update: just after the row that it replaces, and after the last update that this process sent. The row
 * that was read may be older than that update: a write that timed out takes effect later, and a replica may lag.
 *
 * A last update that is half of `DELETE_STEPS` or more after the row is not counted. An update could otherwise be dated after a
 * delete of the row that it read.
 *
 * @param writeTime - of the row that was read
 * @param lastSent - the write time of the last update that this process sent
 */
export function updateTime(writeTime: number, lastSent = 0): number {
  const isNear = lastSent < later(writeTime, DELETE_STEPS / 2);
  return later(isNear ? Math.max(writeTime, lastSent) : writeTime, UPDATE_STEPS);
}

/** The earliest write time with which a delete of the row wins over the updates that meet it. */
export function earliestDelete(writeTime: number): number {
  return later(writeTime, DELETE_STEPS);
}

/** The next write time. */
export function justAfter(writeTime: number): number {
  return later(writeTime, 1);
}

/** The earliest write time with which a row that this process deleted can be stored again. */
export function timeAfterDelete(deleted: number): number {
  return justAfter(deleted);
}

/** A step is a microsecond. A nanosecond timestamp exceeds 2^53, so a number may be off by 1,024: a step is then 2,048 ns. */
function later(writeTime: number, steps: number): number {
  return writeTime + steps * (Number.isSafeInteger(writeTime + 1) ? 1 : 2048);
}
