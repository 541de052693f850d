using Flip.Server.Requests;
using Flip.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>An answer.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Probability">How likely the model takes it to be right.</param>
internal sealed record AnswerItem(string Answer, double Probability);

/// <summary>Answers.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Results">To each question, in their order, the likeliest first.</param>
internal sealed record AnswersAnswer(string Model, IReadOnlyList<IReadOnlyList<AnswerItem>> Results);

/// <summary>Answers to questions about an image.</summary>
internal sealed class AnswerEndpoints(ServerState state) : IServerFeature
{
    public void Map(IEndpointRouteBuilder routes) =>
        routes.MapImages<AnswerRequest, AnswersAnswer>("/answer", AnswerAsync, "Answers to questions about an image, of a model trained for that.");

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        state.Require(Abilities.Answers);
        using var input = await RequestInput.ReadAsync(context, state);
        var fields = input.Fields;
        var images = input.Images("images");
        if (images.Count > 1)
        {
            fields.Add("#/images", "Questions are about one image.");
        }

        IReadOnlyList<string> questions =
        [
            .. fields.Text("question", state.Limits.TextLength) is { } one ? new[] { one } : [],
            .. fields.Texts("questions", state.Limits.Questions, state.Limits.TextLength) ?? [],
        ];
        if (fields.Problems.Count == 0)
        {
            fields.IsCount(questions.Count, state.Limits.Questions, "questions", "questions");
        }

        var top = fields.Number("top", 1, state.Engine.Model.Answers!.MostAnswers, 1);
        state.CheckModel(fields, isRequired: false);
        fields.End();
        var found = await state.OfImagesAsync(images, context, bytes => state.Engine.AnswerAsync(bytes[0], questions, top, context.RequestAborted));
        return JsonAnswer.Of(new AnswersAnswer(
            state.Engine.Model.Name, [.. found.Select(of => (IReadOnlyList<AnswerItem>)[.. of.Select(answer => new AnswerItem(answer.Text, answer.Probability))])]));
    }
}
