package compose

// A service is what one has to be like that the others, the tests and the documents rely on.
type service struct {
	// once is for what ends by itself.
	once bool
	// health is the command that asks it.
	health string
	// after are those that come before it, with what is waited for.
	after map[string]string
	// ports are those of this machine and of the container.
	ports []string
	// volumes are those that keep data.
	volumes []string
}

const (
	healthy   = "service_healthy"
	completed = "service_completed_successfully"
	images    = "images:/var/lib/booking/images"
)

var (
	schema = map[string]string{"migrate": completed}
	ready  = map[string]string{"migrate": completed, "redis": healthy}
)

// services are all of them.
var services = map[string]service{
	"postgres": {
		health:  "CMD pg_isready --quiet --host=127.0.0.1 --port=5432",
		ports:   []string{"127.0.0.1:5432:5432"},
		volumes: []string{"postgres-data:/var/lib/postgresql/data"},
		after:   map[string]string{},
	},
	"redis": {
		health:  `CMD-SHELL REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli -e -p 6379 ping`,
		ports:   []string{"127.0.0.1:6379:6379"},
		volumes: []string{"redis-data:/data"},
		after:   map[string]string{},
	},
	"migrate": {once: true, after: map[string]string{"postgres": healthy}},
	"seed":    {once: true, after: schema},
	"api":     {health: "CMD /booking healthcheck --addr :8000", after: ready, volumes: []string{images}},
	"worker":  {health: "CMD /booking healthcheck --addr :8001", after: ready, volumes: []string{images}},
	"nginx": {
		health:  "CMD wget -q -O /dev/null http://127.0.0.1:8081/healthz",
		after:   map[string]string{"api": healthy},
		ports:   []string{"127.0.0.1:8000:8080"},
		volumes: []string{images + ":ro,nocopy"},
	},
	"prometheus": {
		health:  "CMD wget -q -O /dev/null http://127.0.0.1:9090/-/healthy",
		ports:   []string{"127.0.0.1:9090:9090"},
		volumes: []string{"prometheus-data:/prometheus"},
		after:   map[string]string{},
	},
	"grafana": {
		health:  "CMD wget -q -O /dev/null http://127.0.0.1:3000/api/health",
		after:   map[string]string{"prometheus": healthy},
		ports:   []string{"127.0.0.1:3001:3000"},
		volumes: []string{"grafana-data:/var/lib/grafana"},
	},
}
