import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RawConnection, readAnswer, requestBytes } from './raw-connection.ts'

const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += part
  })
  request.on('end', () => {
    if (request.url?.endsWith('/empty')) return response.writeHead(204).end()
    if (request.url?.endsWith('/chunked')) response.write('first ')
    response.end(`${request.method} ${body}`)
  })
})
let apiUrl = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
})
afterAll(() => void server.close())

test('answers of a real server are told apart on one connection, whatever their form', async () => {
  const connection = await RawConnection.open(apiUrl)
  const ask = (path: string) => connection.send(requestBytes(apiUrl, 'POST', path, '{"a":"ü"}'))
  expect(await ask('/empty')).toMatchObject({ status: 204, bytes: 0 })
  expect(await ask('/whole')).toMatchObject({ status: 200, bytes: 'POST {"a":"ü"}'.length + 1 })
  expect((await ask('/chunked')).status).toBe(200)
  expect((await ask('/empty')).status).toBe(204)
  connection.close()
})

test('half an answer is none', () => {
  const whole = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody')
  expect(readAnswer(whole.subarray(0, 20))).toBeUndefined()
  expect(readAnswer(whole.subarray(0, whole.length - 1))).toBeUndefined()
  expect(readAnswer(whole)).toEqual({ status: 200, bytes: 4, end: whole.length })
})
