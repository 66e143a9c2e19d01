"""Cache values are JSON: a poisoned cache can hold wrong data, but never code (ASVS 1.5.2)."""

import json


class JsonSerializer:
    def dumps(self, value: object) -> bytes:
        return json.dumps(value).encode()

    def loads(self, data: bytes) -> object:
        return json.loads(data)
