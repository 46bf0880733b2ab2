/** Texts that are and texts that are not of the formats of JSON Schema. */

export const formatCases: Readonly<
  Record<string, { readonly writes: readonly string[]; readonly avoids: readonly string[] }>
> = {
  date: {
    writes: ['2024-02-29', '2000-02-29', '1999-12-31'],
    avoids: ['2023-02-29', '1900-02-29', '2024-04-31', '24-01-01'],
  },
  time: { writes: ['00:00:00Z', '23:59:59.999+02:00'], avoids: ['24:00:00Z', '12:00Z', '12:00:00'] },
  'date-time': {
    writes: ['2024-01-01T10:00:00Z', '2024-01-01T10:00:00.5-11:30'],
    avoids: ['2024-01-01 10:00:00', '2024-13-01T10:00:00Z'],
  },
  duration: { writes: ['P1Y2M3DT4H5M6S', 'PT1H', 'P2W', 'P1D'], avoids: ['P', 'PT', 'P1Y2D', '1D'] },
  uuid: {
    writes: ['123e4567-e89b-12d3-a456-426614174000'],
    avoids: ['123e4567', '{123e4567-e89b-12d3-a456-426614174000}'],
  },
  email: {
    writes: ['a@b.de', 'first.last+tag@mail.example.org'],
    avoids: ['a@b', '@b.de', 'a..b@c.de', 'a b@c.de'],
  },
  hostname: { writes: ['localhost', 'www.example-site.org'], avoids: ['-a', 'a-', 'a..b', ''] },
  ipv4: { writes: ['0.0.0.0', '255.255.255.255'], avoids: ['256.0.0.1', '1.2.3', '01.2.3.4'] },
  ipv6: {
    writes: ['::', '::1', 'fe80::1', '2001:db8:0:0:0:0:2:1', '1::'],
    avoids: [':', '1:2', '::1::', '12345::'],
  },
  uri: {
    writes: ['https://example.org:8080/a/b?c=d#e', 'mailto:a@b.de', 'urn:isbn:1'],
    avoids: ['example', '//a/b', 'http://a b'],
  },
  'uri-reference': { writes: ['/a/b', 'a?b', '#c', 'https://a.b/'], avoids: ['a b', '\\'] },
  url: {
    writes: ['https://example.org/a?b=c', 'http://a-b.example.com:8080/'],
    avoids: ['ftp', 'https://localhost', 'https://10.0.0.1'],
  },
  'json-pointer': { writes: ['', '/a/0', '/~0~1'], avoids: ['a', '/~2'] },
  'relative-json-pointer': { writes: ['0', '1/a', '2#'], avoids: ['/a', '01'] },
  byte: { writes: ['', 'QUI=', 'QUJD'], avoids: ['Q', 'QU=D'] },
  'uri-template': { writes: ['https://example.org/a'], avoids: ['a b'] },
};
