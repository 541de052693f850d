using System.Diagnostics.Metrics;
using Flip.Conversion;
using Flip.Devices;
using Flip.Serving.Generators;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flip.Serving.Hosting;

/// <summary>Flip among a program's services.</summary>
public static class FlipServices
{
    /// <summary>
    /// Adds the engine of a model (<see cref="FlipEngine"/>) and the generators of its embeddings: <c>IEmbeddingGenerator&lt;string, Embedding&lt;float&gt;&gt;</c> and
    /// <c>IEmbeddingGenerator&lt;DataContent, Embedding&lt;float&gt;&gt;</c>. A host checks the options and warms the model when it starts, and finishes requests when it ends. Without a host the model is
    /// read when it is first asked for.
    /// </summary>
    /// <param name="services">The program's services.</param>
    /// <param name="configure">Names the model.</param>
    public static IServiceCollection AddFlip(this IServiceCollection services, Action<FlipServingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<FlipServingOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<FlipServingOptions>, FlipServingRules>();
        services.TryAddSingleton(Open);
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => new TextEmbeddingGenerator(provider.GetRequiredService<FlipEngine>()));
        services.TryAddSingleton<IEmbeddingGenerator<DataContent, Embedding<float>>>(provider => new ImageEmbeddingGenerator(provider.GetRequiredService<FlipEngine>()));
        services.AddHostedService<FlipStarter>();
        return services;
    }

    private static FlipEngine Open(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<FlipServingOptions>>().Value;
        var loaded = ModelSource.Load(options.Model, [.. options.Settings]);
        try
        {
            Compute.UseThreads(loaded.Config.Train);
            var name = options.Name ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.Model)));
            return new FlipEngine(ServedModel.Of(loaded, name), options.Engine, provider.GetService<IMeterFactory>());
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>Warms the model when a host starts, and lets requests end when it does.</summary>
    private sealed class FlipStarter(FlipEngine engine, IOptions<FlipServingOptions> options) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => engine.WarmUpAsync(cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => engine.DrainAsync(options.Value.DrainTime).WaitAsync(cancellationToken);
    }

    private sealed class FlipServingRules : IValidateOptions<FlipServingOptions>
    {
        public ValidateOptionsResult Validate(string? name, FlipServingOptions options)
        {
            List<string> problems =
            [
                .. options.Model.Length == 0 ? ["Model: name a folder, a run or a file of weights."]
                    : !Path.Exists(options.Model.Split('#')[0]) ? [$"Model: '{options.Model}' is not there."]
                    : Array.Empty<string>(),
                .. options.DrainTime < TimeSpan.Zero ? ["DrainTime: must be at least 0."] : Array.Empty<string>(),
                .. options.Engine.Problems().Select(problem => $"Engine.{problem}"),
            ];
            return problems.Count > 0 ? ValidateOptionsResult.Fail(problems) : ValidateOptionsResult.Success;
        }
    }
}
