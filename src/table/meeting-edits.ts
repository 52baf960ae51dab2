import { UPDATES_PER_DELETE } from "../options/limits.ts";

/*
 * Cassandra keeps the write with the newest date, and of one date a delete. So an update is dated just after the row that it
 * replaces, whatever the time is: a delete that meets it, and is dated now, wins. Where a clock ahead of ours dated the row, or
 * the row is brand new, now is not late enough, and the delete is dated after the row.
 */

/** From a row to its update. The step in between is free for a change that an update has to win over. */
const UPDATE_STEPS = 2;
/** From a row to a delete that wins over all updates that may meet it. */
const DELETE_STEPS: number = UPDATE_STEPS * UPDATES_PER_DELETE;

/**
 * When the update of a row is dated. It is also dated after the last update that this process sent, which may not be seen yet:
 * a write that timed out takes effect later, and a replica may lag. What was sent too long after the row counts for nothing, so
 * that no update is dated after a delete of the row that it read.
 *
 * @param lastSent - the date of that last update
 */
export function updateTime(writeTime: number, lastSent = 0): number {
  const isNear = lastSent < later(writeTime, DELETE_STEPS / 2);
  return later(isNear ? Math.max(writeTime, lastSent) : writeTime, UPDATE_STEPS);
}

/** When a delete has to be dated, at least, to win over updates that meet it. */
export function deleteTime(writeTime: number): number {
  return later(writeTime, DELETE_STEPS);
}

/** When a row that this process deleted has to be dated, at least, to be there again. */
export function timeAfterDelete(deleted: number): number {
  return later(deleted, 1);
}

/** A step is a microsecond. Where a writer dates in nanoseconds, a number may be off by 1,024: a step is then 2,048 of them. */
function later(writeTime: number, steps: number): number {
  return writeTime + steps * (Number.isSafeInteger(writeTime + 1) ? 1 : 2048);
}
