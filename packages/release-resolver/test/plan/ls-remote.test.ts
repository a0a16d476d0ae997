import { describe, expect, test } from 'vitest'
import { findRemoteTag } from '../../src/plan/ls-remote.ts'

const a = 'a'.repeat(40)
const b = 'b'.repeat(40)
const c = 'c'.repeat(64)

describe('findRemoteTag', () => {
  test.each([
    ['takes a lightweight tag as it is', [`${a}\trefs/tags/v1`], a],
    ['peels an annotated tag', [`${a}\trefs/tags/v1`, `${b}\trefs/tags/v1^{}`], b],
    ['takes SHA-256 ids too', [`${c}\trefs/tags/v1`], c],
    ['does not take a tag whose name ends like that', [`${a}\trefs/tags/foo/refs/tags/v1`], undefined],
    ['does not peel with another tag', [`${a}\trefs/tags/v1`, `${b}\trefs/tags/x/refs/tags/v1^{}`], a],
    ['does not take a branch', [`${a}\trefs/heads/v1`], undefined],
    ['answers nothing where nothing is', [], undefined],
    ['does not take what is no id', ['warning\trefs/tags/v1'], undefined],
  ])('%s', (_name, lines, expected) => {
    expect(findRemoteTag(lines.map((line) => `${line}\n`).join(''), 'v1')).toBe(expected)
  })
})
