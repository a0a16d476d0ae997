import { expect, test } from 'vitest'
import { backgroundStarts } from '../src/plan/background-starts.ts'

test.each<[string, string, number[]]>([
  ['an ampersand at the end of a line', '#!/bin/bash\nnode server.js &\n', [2]],
  ['behind nohup', '#!/bin/sh\nnohup java -jar app.jar &\n', [2]],
  ['with one of the two outputs elsewhere', '#!/bin/sh\nserver > /var/log/s &\nserver 2>/dev/null &\n', [2, 3]],
  ['before disown', '#!/bin/bash\nserver & disown\n', [2]],
  ['before its id is kept', '#!/bin/sh\nserver & echo $! > /run/pid\n', [2]],
  ['in a script without a first line', 'server &\n', [1]],
])('a process that keeps the output is found: %s', (_name, script, lines) => {
  expect(backgroundStarts(script)).toEqual(lines)
})

test.each<[string, string]>([
  ['with both outputs elsewhere', '#!/bin/bash\nserver > /dev/null 2>&1 &\nserver &> log &\nserver >> a 2>> b &\n'],
  ['after the script has given up its own', '#!/bin/bash\nexec > /dev/null 2>&1\nserver &\n'],
  ['where two commands follow one another', '#!/bin/sh\na && b\na ||\nb\n'],
  ['where outputs are joined', '#!/bin/sh\na 2>&1\na |& b\n'],
  ['in a comment', '#!/bin/sh\n# server &\necho a # b &\n'],
  ['in another language', '#!/usr/bin/env python3\nx = y &\\\n z\n'],
])('none is found: %s', (_name, script) => {
  expect(backgroundStarts(script)).toEqual([])
})
