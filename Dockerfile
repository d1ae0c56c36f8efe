# The page and the API of `taggram serve`; see docs/guide/serving.md. It could not be built where it was written.
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md CHANGELOG.md LICENSE constraints.txt ./
COPY src src
COPY examples examples
RUN python -m venv /opt/taggram \
    && /opt/taggram/bin/pip install --no-cache-dir --constraint constraints.txt '.[web,deform]'

FROM python:3.13-slim
COPY --from=build /opt/taggram /opt/taggram
RUN useradd --system --create-home --home-dir /var/lib/taggram taggram
ENV PATH=/opt/taggram/bin:$PATH TAGGRAM_HOME=/var/lib/taggram PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER taggram
EXPOSE 8420
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8420/v1/health')"]
# Outside the container only what `docker run --publish` names is reachable; TAGGRAM_TOKEN sets a secret.
CMD ["taggram", "serve", "--host", "0.0.0.0"]
