#!/usr/bin/env bash
# A first conversation with a running Gradus (`npm start`), in curl.
curl http://127.0.0.1:4111/v1/chat/completions \
  -H 'content-type: application/json' \
  -d '{
    "model": "qwen2.5-coder-1.5b-instruct",
    "messages": [{ "role": "user", "content": "Write a haiku about a staircase." }]
  }'
