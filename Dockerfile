# The collector, or a scheduler that scans phones over the network. Debian-based image with Python 3.11 or later.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml constraints.txt hatch_build.py README.md LICENSE ./
COPY agent agent
COPY rules rules
COPY server_stub server_stub
RUN python -m venv /opt/posture \
 && /opt/posture/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[postgres]'

FROM ${BASE}
RUN useradd --system --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin posture
COPY --from=build /opt/posture /opt/posture
ENV PATH=/opt/posture/bin:$PATH POSTURE_DATA=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["posture"]
CMD ["collector", "serve", "--host", "0.0.0.0", "--port", "8080"]
