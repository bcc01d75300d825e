using System.IO.Pipelines;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Actors.Silo.Mcp.Hosting;
using Actors.Silo.Tests.Support;
using Actors.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Hosting;

/// <summary>What is late, large or broken costs its sender an error, and others nothing.</summary>
public sealed class RobustnessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Letter_Cancellation_HasTheIdAlone()
    {
        var (body, fault) = SessionPost.Letter(Cancellation("7", new string('r', 1_000_000)));

        Assert.Null(fault);
        Assert.Equal("""{"requestId":"7"}""", JsonNode.Parse(body!)!["params"]!.ToJsonString());
        Assert.Equal(StatusCodes.Status413PayloadTooLarge, SessionPost.Letter(Cancellation(new string('i', SessionPost.LargestCancellation), "")).Fault!.Status);
    }

    [Fact]
    public void Letter_Answer_IsPassedOnUpToItsCap()
    {
        Assert.NotNull(SessionPost.Letter(Answer(SessionPost.LargestAnswer - 100)).Body);
        Assert.Equal(StatusCodes.Status413PayloadTooLarge, SessionPost.Letter(Answer(SessionPost.LargestAnswer)).Fault!.Status);
        Assert.Equal((null, null), SessionPost.Letter(new JsonRpcNotification { Method = NotificationMethods.ProgressNotification, Params = new JsonObject() }));
    }

    [Fact]
    public async Task Read_BodyThatNeverEnds_Is408()
    {
        var time = new FakeTimeProvider();
        var pipe = new Pipe();
        var context = new DefaultHttpContext();
        context.Request.Body = pipe.Reader.AsStream();
        var reading = MessageReader.ReadAsync(context, time);
        time.Advance(MessageReader.LongestBody);

        Assert.Equal(StatusCodes.Status408RequestTimeout, (await reading.WaitAsync(Patience)).Fault!.Status);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("Production")]
    public async Task Post_WhatNobodyCaught_Is503WithoutDetails(string environment)
    {
        await using var silo = await SiloHost.StartAsync(configure: builder =>
        {
            builder.Environment.EnvironmentName = environment;
            builder.Services.AddSingleton<McpEndpoint>(_ => throw new InvalidOperationException("inner detail"));
        });
        using var http = silo.CreateClient();
        using var response = await http.PostAsync(McpWire.Request("tools/list"));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, -32603), (response.StatusCode, await response.CodeAsync()));
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter!.Delta);
        Assert.DoesNotContain("inner detail", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static JsonRpcNotification Cancellation(string id, string reason) =>
        new() { Method = NotificationMethods.CancelledNotification, Params = new JsonObject { ["requestId"] = id, ["reason"] = reason } };

    private static JsonRpcResponse Answer(int size) => new() { Id = new RequestId("1"), Result = new JsonObject { ["text"] = new string('x', size) } };
}
