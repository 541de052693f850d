using Flip.Ingest.Fetching;
using Flip.Server.Endpoints;
using Flip.Server.Models;
using Flip.Server.Requests;
using Flip.Server.Security;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry.Metrics;

namespace Flip.Server;

/// <summary>
/// An engine over HTTP. It reads no file and no variable for its settings, logs nothing of what it is sent, and asks nobody anything; addresses of images are fetched only where that is
/// allowed.
/// </summary>
public sealed class FlipServer : IAsyncDisposable
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);
    private const int MostHeaders = 64;
    private const int HeaderBytes = 16 << 10;

    private readonly WebApplication _app;
    private readonly FlipEngine _engine;
    private readonly ServerOptions _options;
    private readonly GuardedFetcher? _fetcher;

    private FlipServer(WebApplication app, FlipEngine engine, ServerOptions options, GuardedFetcher? fetcher, BodyMemory memory) =>
        (_app, _engine, _options, _fetcher, Memory) = (app, engine, options, fetcher, memory);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Memory of bodies.</summary>
    internal BodyMemory Memory { get; }

    /// <summary>Listens, and warms the engine. It answers from the first moment on; <c>/health/ready</c> tells when the engine is warm, as does the end of this call.</summary>
    /// <param name="engine">Computes; not owned.</param>
    /// <param name="options">Where and for whom.</param>
    /// <param name="index">Images that are searched; not owned. Null for no search.</param>
    /// <param name="features">Further endpoints.</param>
    /// <param name="say">Receives what should not happen, a line each, without anything of the requests' contents; null for nobody.</param>
    /// <param name="cancellation">Stops the start.</param>
    /// <exception cref="ConfigException">The options cannot be used.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<FlipServer> StartAsync(
        FlipEngine engine, ServerOptions options, ServedIndex? index = null, IReadOnlyList<IServerFeature>? features = null, Action<string>? say = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Problems(engine.Options.QueueLength) is { Count: > 0 } problems)
        {
            throw new ConfigException(problems);
        }

        var limits = options.Limits;
        var fetcher = options.AllowUrls
            ? new GuardedFetcher(new FetchOptions { MaxBytes = limits.BodyBytes, Memory = limits.BodyMemory, Timeout = limits.RequestTime })
            : null;
        var state = new ServerState(engine, limits, new BodyMemory(limits.BodyMemory), fetcher);
        var server = new FlipServer(Build(state, options, index, features ?? [], say ?? (_ => { })), engine, options, fetcher, state.Memory);
        try
        {
            await server._app.StartAsync(cancellation);
            await engine.WarmUpAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, finishes the requests that have come, within the time that they have for that, and ends the engine.</summary>
    public async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(_options.DrainTime);
        await _app.StopAsync(limit.Token);
        await _engine.DrainAsync(TimeSpan.Zero); // whose requests have ended by now, or were cut off
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _fetcher?.Dispose();
    }

    private static WebApplication Build(ServerState state, ServerOptions options, ServedIndex? index, IReadOnlyList<IServerFeature> features, Action<string> say)
    {
        // An empty builder: no settings of files or variables, and no log.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(FlipServer).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Limit(kestrel, options));
        var services = builder.Services;
        services.AddSingleton<IHostLifetime, NoLifetime>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTime + TimeSpan.FromSeconds(1));
        services.AddRoutingCore();
        services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = options.Limits.RequestTime,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = Problems.WriteTimeoutAsync,
        });
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonAnswer.Options.PropertyNamingPolicy);
        services.AddOpenApi("v1");
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(FlipEngine.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));

        var app = builder.Build();
        IReadOnlyCollection<string> hosts = options.Key is null ? [.. Gate.Loopback, .. options.AllowedHosts] : [];
        app.Use(next => new Problems(next, say).InvokeAsync);
        app.Use(next => new Gate(next, options.Key, hosts, options.Page ? PageEndpoints.Paths : []).InvokeAsync);
        app.UseRouting();
        app.UseRequestTimeouts();
        IServerFeature[] own =
        [
            new EmbeddingEndpoints(state), new ClassifyEndpoints(state), new RankEndpoints(state), new MaskEndpoints(state), new CaptionEndpoints(state), new AnswerEndpoints(state), new ModelEndpoints(state, index, hasPage: options.Page),
            .. index is null ? [] : new IServerFeature[] { new SearchEndpoints(state, index) },
            .. options.Page ? new IServerFeature[] { new PageEndpoints() } : [],
        ];
        foreach (var feature in own.Concat(features))
        {
            feature.Map(app);
        }

        app.MapOpenApi();
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    private static void Limit(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(options.Host, options.Port, listen => listen.Protocols = HttpProtocols.Http1);
        var limits = kestrel.Limits;
        limits.KeepAliveTimeout = KeepAlive;
        limits.RequestHeadersTimeout = options.Limits.HeadersTime;
        limits.MaxConcurrentConnections = options.Limits.Connections;
        limits.MaxRequestBodySize = options.Limits.BodyBytes;
        limits.MaxRequestHeaderCount = MostHeaders;
        limits.MaxRequestHeadersTotalSize = HeaderBytes;
        limits.MinRequestBodyDataRate = new MinDataRate(options.Limits.BodyRate, RateGrace);
        limits.MinResponseDataRate = new MinDataRate(options.Limits.BodyRate, RateGrace);
    }

    /// <summary>Whoever started the server ends it: signals are the program's.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
