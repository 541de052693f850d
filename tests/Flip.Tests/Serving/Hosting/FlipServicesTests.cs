using Flip.Conversion;
using Flip.Models;
using Flip.Serving;
using Flip.Serving.Batching;
using Flip.Serving.Generators;
using Flip.Serving.Hosting;
using Flip.Tests.Cli;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flip.Tests.Serving.Hosting;

[Collection(Alone.Name)] // the number of threads is the process's
public sealed class FlipServicesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FlipServicesTests() => TinyModel.Save(_folder.File("mine"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_program_of_the_page_gives_the_cosine_of_the_encoder()
    {
        var image = ServedTiny.Images(2)[1];
        File.WriteAllBytes(_folder.File("photo.jpg"), image.ToArray());
        using var loaded = ModelSource.Load(_folder.File("mine"));
        var encoder = loaded.Encoder;
        var row = new int[2 * encoder.TextLength];
        int[] lengths = [loaded.Tokenizer.EncodeRow("a dog on a beach", row.AsSpan(0, encoder.TextLength)), loaded.Tokenizer.EncodeRow("a birthday cake", row.AsSpan(encoder.TextLength))];
        var text = encoder.EncodeTexts(row, lengths, 2)[..encoder.EmbedDim];
        var photo = encoder.EncodeImages(ServedTiny.Pixels(loaded.Config, [image]), 1);
        var expected = 0f;
        for (var i = 0; i < text.Length; i++)
        {
            expected += photo[i] * text[i];
        }

        Assert.Equal(expected, await LibrarySample.Run(_folder.File("mine"), _folder.File("photo.jpg")));
    }

    [Fact]
    public void The_page_has_the_program_that_is_compiled()
    {
        var page = File.ReadAllText(SharedData.Test("../docs/library.md"));
        var program = File.ReadAllLines(SharedData.Test("Flip.Tests/Serving/Hosting/LibrarySample.cs"))
            .SkipWhile(line => line.Trim() != "// begin").Skip(1).TakeWhile(line => line.Trim() != "// end").Select(line => line.Length > 8 ? line[8..] : "");
        Assert.Contains($"```csharp\nusing Flip.Serving.Hosting;\nusing Microsoft.Extensions.AI;\nusing Microsoft.Extensions.DependencyInjection;\n\n{string.Join('\n', program).TrimEnd()}\n```", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Generators_tell_what_they_are_and_refuse_what_the_model_does_not_do()
    {
        await using var provider = Services(options => options.Name = "tiny");
        var texts = provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var images = provider.GetRequiredService<IEmbeddingGenerator<DataContent, Embedding<float>>>();
        var metadata = texts.GetService<EmbeddingGeneratorMetadata>()!;
        Assert.Equal(("flip", "tiny", 8), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(provider.GetRequiredService<FlipEngine>(), images.GetService<FlipEngine>());
        Assert.Same(texts, texts.GetService<TextEmbeddingGenerator>());
        Assert.Null(texts.GetService<ImageEmbeddingGenerator>());
        Assert.Null(texts.GetService(typeof(FlipEngine), "key"));

        var found = await texts.GenerateAsync(["a red dog"], new EmbeddingGenerationOptions { Dimensions = 8, ModelId = "tiny" }, Cancellation);
        Assert.Equal(("tiny", 8), (found[0].ModelId, found[0].Dimensions));
        Assert.True(found.Usage!.InputTokenCount > 0);
        await Assert.ThrowsAsync<ArgumentException>(() => texts.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 4 }, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => texts.GenerateAsync(["a"], new EmbeddingGenerationOptions { ModelId = "other" }, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => images.GenerateAsync([new DataContent(new byte[] { 1 }, "text/plain")], null, Cancellation));
        await Assert.ThrowsAsync<UnusableImageException>(() => images.GenerateAsync([new DataContent(new byte[] { 1 }, "image/png")], null, Cancellation));
    }

    [Fact]
    public async Task Options_are_checked_when_the_program_starts_and_all_problems_told()
    {
        await using var provider = Services(options =>
        {
            options.Model = _folder.File("nothing");
            options.DrainTime = TimeSpan.FromSeconds(-1);
            options.Engine = new EngineOptions { QueueLength = 0 };
        });
        var refused = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(["Model", "DrainTime", "Engine.QueueLength"], refused.Failures.Select(problem => problem.Split(' ')[0].TrimEnd(':')));
    }

    [Fact]
    public async Task A_host_warms_the_model_and_ends_it()
    {
        var provider = Services(_ => { });
        var engine = provider.GetRequiredService<FlipEngine>();
        Assert.False(engine.IsReady);
        var hosted = provider.GetRequiredService<IEnumerable<IHostedService>>().ToList();
        await Task.WhenAll(hosted.Select(service => service.StartAsync(Cancellation)));
        Assert.True(engine.IsReady);
        await Task.WhenAll(hosted.Select(service => service.StopAsync(Cancellation)));
        Assert.True(engine.IsEnding);
        await provider.DisposeAsync();
        await Assert.ThrowsAsync<EngineStoppedException>(() => engine.EmbedTextsAsync(["a"], Cancellation));
    }

    private ServiceProvider Services(Action<FlipServingOptions> change)
    {
        var services = new ServiceCollection();
        services.AddFlip(options =>
        {
            options.Model = _folder.File("mine");
            options.Engine = new EngineOptions { MaxWait = TimeSpan.FromMilliseconds(1) };
            change(options);
        });
        return services.BuildServiceProvider();
    }
}
