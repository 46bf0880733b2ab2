# A first conversation with a running Gradus (`npm start`), in Python. Once before: pip install openai
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:4111/v1", api_key="not needed")

stream = client.chat.completions.create(
    model="qwen2.5-coder-1.5b-instruct",
    messages=[{"role": "user", "content": "Write a haiku about a staircase."}],
    stream=True,
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
